"""For whoever leads gathering: ask, follow, lead, read what came back.

``templates`` what is usually asked, and the statement around a reason · ``enquiry`` what a coordinator
wants · ``plan`` and ``planned`` one agency's request · ``issue`` preview and send · ``lead`` withdraw, reply, give
time, follow a redirect, take down a telephone answer · ``standing`` and ``fold`` where a request
stands · ``wording`` the same in words · ``reading`` from the store's rows · ``board`` cases and
requests by urgency · ``answered`` field by field · ``export`` one case, marked and recorded ·
``cases`` and ``notes`` what the store keeps of both.
"""
