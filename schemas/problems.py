"""Why a message is refused: permanent codes, plain sentences, remedies.

Codes are wire format: only ever added, never renamed, never used again for something else.
A problem names a place of OURS (a member, a field id), never a value or a key that was sent.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Literal

__all__ = ["MEANING", "Code", "Meaning", "Problem", "Retry"]

Retry = Literal["never", "change", "later"]


class Code(StrEnum):
    """Every reason for which a message can be refused."""

    # --- bytes: what came cannot be read
    MESSAGE_TOO_LARGE = "message.too_large"
    MESSAGE_MALFORMED = "message.malformed"
    MESSAGE_NOT_UTF8 = "message.not_utf8"
    MESSAGE_NOT_JSON = "message.not_json"
    MESSAGE_DUPLICATE_MEMBER = "message.duplicate_member"
    MESSAGE_TOO_DEEP = "message.too_deep"
    MESSAGE_NUMBER = "message.number"
    MESSAGE_BASE64 = "message.base64"
    MESSAGE_UNKNOWN_VERSION = "message.unknown_version"
    MANIFEST_UNKNOWN_MEMBER = "manifest.unknown_member"
    MANIFEST_MISSING_MEMBER = "manifest.missing_member"
    MANIFEST_INVALID_MEMBER = "manifest.invalid_member"

    # --- signatures and keys
    SIGNATURE_INVALID = "signature.invalid"
    SIGNATURE_ALGORITHM = "signature.algorithm"
    KEY_UNKNOWN = "key.unknown"
    KEY_NOT_VALID = "key.not_valid"
    KEY_REVOKED = "key.revoked"
    KEY_UNSAFE = "key.unsafe"
    KEY_FILE_UNREADABLE = "key.file_unreadable"
    SENDER_NOT_THE_SIGNER = "sender.not_the_signer"
    SENDER_WRONG_INGRESS = "sender.wrong_ingress"
    SENDER_UNKNOWN = "sender.unknown"
    RECIPIENT_UNKNOWN = "recipient.unknown"
    RECIPIENT_NOT_YOU = "recipient.not_you"

    # --- time, repetition, order
    TIME_IN_FUTURE = "time.in_future"
    TIME_TOO_OLD = "time.too_old"
    TIME_EXPIRED = "time.expired"
    MESSAGE_ID_REUSED = "message.id_reused"
    MESSAGE_REPLAYED = "message.replayed"
    MESSAGE_OUT_OF_SEQUENCE = "message.out_of_sequence"

    # --- content
    CONTENT_HASH = "content.hash"
    CONTENT_FORM = "content.form"
    CONTENT_RECIPIENT = "content.recipient"
    CONTENT_SIZE = "content.size"
    CONTENT_CANNOT_OPEN = "content.cannot_open"
    CONTENT_KEY_COMMITMENT = "content.key_commitment"
    CONTENT_PADDING = "content.padding"
    DISCLOSURE_UNDECLARED = "disclosure.undeclared"
    DISCLOSURE_MISSING = "disclosure.missing"
    DISCLOSURE_REPEATED = "disclosure.repeated"
    DISCLOSURE_SALT = "disclosure.salt"
    DISCLOSURE_FORM = "disclosure.form"
    FIELD_INVALID = "field.invalid"
    FIELD_UNKNOWN = "field.unknown"
    FIELD_MISSING = "field.missing"
    FIELD_PROHIBITED = "field.prohibited"
    FIELD_NOT_FOR_TYPE = "field.not_for_type"
    FIELD_TOO_LONG = "field.too_long"
    FIELD_TOO_SHORT = "field.too_short"
    FIELD_NOT_A_CHOICE = "field.not_a_choice"
    FIELD_OUT_OF_RANGE = "field.out_of_range"
    FIELD_CHECK_DIGIT = "field.check_digit"
    FIELD_CHARACTERS = "field.characters"
    FIELD_CONTRADICTS = "field.contradicts"
    ITEM_INVALID = "item.invalid"
    ITEM_PART3 = "item.part3"
    SECTOR_MIXED = "sector.mixed"
    TEXT_IDENTIFIER = "text.identifier"
    TEXT_CONTACT = "text.contact"
    TEXT_NAME = "text.name"
    TEXT_IMMIGRATION = "text.immigration"
    TEXT_RELIGIOUS_PRACTICE = "text.religious_practice"
    TEXT_SEXUAL_HEALTH = "text.sexual_health"
    TEXT_BROWSING = "text.browsing"
    TEXT_INTELLIGENCE = "text.intelligence"

    # --- policy
    TYPE_UNKNOWN = "type.unknown"
    TYPE_NOT_ALLOWED = "type.not_allowed"
    PACK_UNKNOWN = "pack.unknown"
    PACK_NOT_IN_FORCE = "pack.not_in_force"
    PACK_NOT_COUNTERSIGNED = "pack.not_countersigned"
    PURPOSE_NOT_ALLOWED = "purpose.not_allowed"
    BASIS_NOT_ALLOWED = "basis.not_allowed"
    BASIS_LEGITIMATE_INTEREST = "basis.legitimate_interest"
    BASIS_PUBLIC_TASK_STATEMENT = "basis.public_task_statement"
    BASIS_CONSENT = "basis.consent"
    BASIS_SPECIAL_CATEGORY = "basis.special_category"
    BASIS_SAFEGUARDING = "basis.safeguarding"
    BASIS_CRIMINAL = "basis.criminal"
    BASIS_REGIME = "basis.regime"
    BASIS_CROSSING = "basis.crossing"
    BASIS_PART3_METADATA = "basis.part3_metadata"
    BASIS_JURISDICTION = "basis.jurisdiction"
    FIELD_NOT_ALLOWED = "field.not_allowed"
    FIELD_NOT_ASKED = "field.not_asked"
    FIELD_NOT_ANSWERED = "field.not_answered"
    FIELD_NOT_FOR_RECIPIENT = "field.not_for_recipient"
    ATTESTATION_MISSING = "attestation.missing"
    ATTESTATION_SIGNOFF = "attestation.signoff"
    ATTESTATION_REQUIRED = "attestation.required"
    ATTESTATION_NOT_ALLOWED = "attestation.not_allowed"
    ATTESTATION_DISAGREES = "attestation.disagrees"
    MARKING_TOO_LOW = "marking.too_low"
    QUESTION_CLOSED = "question.closed"
    DEADLINE_NOT_ALLOWED = "deadline.not_allowed"
    REFUSAL_REASON_NOT_YOURS = "refusal.reason_not_yours"
    MARKING_TOO_HIGH = "marking.too_high"
    RECIPIENT_EXCLUDED = "recipient.excluded"
    RECIPIENT_NOT_ALLOWED = "recipient.not_allowed"
    ROLE_NOT_HELD = "role.not_held"
    AGREEMENT_MISSING = "agreement.missing"
    NECESSITY_INSUFFICIENT = "necessity.insufficient"
    APPROVAL_MISSING = "approval.missing"
    SUBJECT_MORE_THAN_ONE = "subject.more_than_one"
    RESIDENCE_MISSING = "residence.missing"
    ONWARD_NOT_ALLOWED = "onward.not_allowed"
    RETENTION_TOO_LONG = "retention.too_long"

    # --- the request and the case
    REQUEST_UNKNOWN = "request.unknown"
    REQUEST_MISMATCH = "request.mismatch"
    REQUEST_CLOSED = "request.closed"
    REQUEST_NOT_YOURS = "request.not_yours"
    REQUEST_RECALLED = "request.recalled"
    CASE_NOT_YOURS = "case.not_yours"
    CLOCK_ALREADY_STOPPED = "clock.already_stopped"
    EXTENSION_TOO_LONG = "extension.too_long"
    EXTENSION_TOO_LATE = "extension.too_late"

    # --- quotas
    QUOTA_RATE = "quota.rate"
    QUOTA_PENDING = "quota.pending"

    # --- receipts
    RECEIPT_MISMATCH = "receipt.mismatch"
    RECEIPT_REPEATED = "receipt.repeated"

    # --- the log
    LOG_CHECKPOINT = "log.checkpoint"
    LOG_PROOF = "log.proof"
    LOG_HISTORY = "log.history"
    FEED_GAP = "feed.gap"


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a code says to a person.

    Attributes:
        says: What is wrong, one sentence.
        remedy: What to do about it, one sentence.
        retry: ``never`` (sending again cannot help), ``change`` (mend it, then make a new
            message), ``later`` (the same message may be sent again after a while).

    """

    says: str
    remedy: str
    retry: Retry


@dataclass(frozen=True, slots=True)
class Problem:
    """One reason to refuse.

    Attributes:
        code: The permanent code.
        where: A name of ours (member path, field id, question id), or None for the whole.
        rule: The number of the policy rule, such as ``POL-09``, or None.

    """

    code: Code
    where: str | None = None
    rule: str | None = None

    @property
    def meaning(self) -> Meaning:
        """The sentence, remedy and retry advice of the code."""
        return MEANING[self.code]


MEANING: Mapping[Code, Meaning] = MappingProxyType(
    {
        # --- bytes: what came cannot be read
        Code.MESSAGE_TOO_LARGE: Meaning(
            "The message is larger than the limit.",
            "Send fewer or shorter fields; the limit is 400 KB for an envelope and 64 KiB for a manifest.",
            "change",
        ),
        Code.MESSAGE_MALFORMED: Meaning(
            "The message is not in the form that the protocol describes.",
            "Compare it with docs/protocol.md; the place is named.",
            "change",
        ),
        Code.MESSAGE_NOT_UTF8: Meaning(
            "The message is not UTF-8 text.",
            "Encode it as UTF-8.",
            "change",
        ),
        Code.MESSAGE_NOT_JSON: Meaning(
            "The message is not one JSON value.",
            "Send one JSON object and nothing else.",
            "change",
        ),
        Code.MESSAGE_DUPLICATE_MEMBER: Meaning(
            "A JSON object names the same member twice.",
            "Send each member once.",
            "change",
        ),
        Code.MESSAGE_TOO_DEEP: Meaning(
            "The JSON is nested deeper than 32 levels.",
            "Flatten it.",
            "change",
        ),
        Code.MESSAGE_NUMBER: Meaning(
            "A number is a fraction, an exponent, not finite, or beyond 2^53-1.",
            "Send whole numbers in range.",
            "change",
        ),
        Code.MESSAGE_BASE64: Meaning(
            "A base64url text is not in its one canonical spelling.",
            "Encode without padding and without stray bits (RFC 4648 section 5).",
            "change",
        ),
        Code.MESSAGE_UNKNOWN_VERSION: Meaning(
            "This version of the envelope is not spoken here.",
            "Send version 1.",
            "change",
        ),
        Code.MANIFEST_UNKNOWN_MEMBER: Meaning(
            "The manifest has a member that the protocol does not list.",
            "Leave it out.",
            "change",
        ),
        Code.MANIFEST_MISSING_MEMBER: Meaning(
            "The manifest lacks a member that the protocol requires.",
            "Add it.",
            "change",
        ),
        Code.MANIFEST_INVALID_MEMBER: Meaning(
            "A member of the manifest has a form that the protocol does not allow.",
            "Mend the member that is named.",
            "change",
        ),
        # --- signatures and keys
        Code.SIGNATURE_INVALID: Meaning(
            "A signature does not hold over the bytes that came.",
            "Sign the exact bytes again, with both keys, and send the result unchanged.",
            "change",
        ),
        Code.SIGNATURE_ALGORITHM: Meaning(
            "The signatures are not exactly one Ed25519 and one ML-DSA-65, in this order.",
            "Sign with both keys of suite 1.",
            "change",
        ),
        Code.KEY_UNKNOWN: Meaning(
            "A signing key is not in the directory.",
            "Have the key enrolled, or sign with an enrolled key.",
            "change",
        ),
        Code.KEY_NOT_VALID: Meaning(
            "A key was not valid at the time that the message claims, or is not valid now.",
            "Sign with a key that is in force.",
            "change",
        ),
        Code.KEY_REVOKED: Meaning(
            "A key has been revoked.",
            "Use the successor key; if you did not revoke it yourself, tell the directory at once.",
            "never",
        ),
        Code.KEY_UNSAFE: Meaning(
            "A public key is of a kind that libraries disagree about, or is not for this use.",
            "Make a new key, and have it enrolled.",
            "change",
        ),
        Code.KEY_FILE_UNREADABLE: Meaning(
            "The key file cannot be opened: it is damaged, or the passphrase is wrong.",
            "Check the passphrase; otherwise restore the file from its copy.",
            "change",
        ),
        Code.SENDER_NOT_THE_SIGNER: Meaning(
            "The keys do not belong to the sender that the manifest names.",
            "Sign with the sender's own keys.",
            "change",
        ),
        Code.SENDER_WRONG_INGRESS: Meaning(
            "The sender that the manifest names does not own the ingress by which the message came.",
            "Send by your own connection.",
            "never",
        ),
        Code.SENDER_UNKNOWN: Meaning(
            "The sender is not in the directory.",
            "Have the agency enrolled.",
            "change",
        ),
        Code.RECIPIENT_UNKNOWN: Meaning(
            "The recipient is not in the directory.",
            "Look the recipient up again; it may have been renamed or merged.",
            "change",
        ),
        Code.RECIPIENT_NOT_YOU: Meaning(
            "The message is addressed to another agency.",
            "Do not open it; report it to your operator.",
            "never",
        ),
        # --- time, repetition, order
        Code.TIME_IN_FUTURE: Meaning(
            "The message says that it was made more than five minutes from now.",
            "Set the clock of the sending machine, then make the message again.",
            "change",
        ),
        Code.TIME_TOO_OLD: Meaning(
            "The message was made more than 24 hours before it arrived.",
            "Make the message again.",
            "change",
        ),
        Code.TIME_EXPIRED: Meaning(
            "The message had expired when it arrived.",
            "Make the message again.",
            "change",
        ),
        Code.MESSAGE_ID_REUSED: Meaning(
            "The message id was used before for a different message.",
            "Make a new id for every message.",
            "change",
        ),
        Code.MESSAGE_REPLAYED: Meaning(
            "The message was received before.",
            "Nothing: the first one counts.",
            "never",
        ),
        Code.MESSAGE_OUT_OF_SEQUENCE: Meaning(
            "The number of the message does not follow the one before.",
            "Ask the sender what came between.",
            "never",
        ),
        # --- content
        Code.CONTENT_HASH: Meaning(
            "The content is not the content that the sender signed.",
            "Send the content as it was sealed.",
            "change",
        ),
        Code.CONTENT_FORM: Meaning(
            "The content is not a JWE of the one allowed form.",
            "Seal with suite 1.",
            "change",
        ),
        Code.CONTENT_RECIPIENT: Meaning(
            "The content is sealed to a key that is not a current key of the recipient.",
            "Fetch the directory and seal again.",
            "change",
        ),
        Code.CONTENT_SIZE: Meaning(
            "The content is larger than its message type may be.",
            "Send fewer or shorter fields.",
            "change",
        ),
        Code.CONTENT_CANNOT_OPEN: Meaning(
            "The content cannot be opened with the recipient's key.",
            "Seal again to the current key of the recipient.",
            "change",
        ),
        Code.CONTENT_KEY_COMMITMENT: Meaning(
            "The key that opens the content is not the key that the sender committed to.",
            "Seal again; do not change the commitment.",
            "change",
        ),
        Code.CONTENT_PADDING: Meaning(
            "The padding is not the one allowed padding.",
            "Pad with spaces to the next bucket, exactly.",
            "change",
        ),
        Code.DISCLOSURE_UNDECLARED: Meaning(
            "The content holds a disclosure that the manifest does not declare.",
            "Send only what the manifest declares.",
            "never",
        ),
        Code.DISCLOSURE_MISSING: Meaning(
            "The content lacks a disclosure that the manifest declares.",
            "Send every declared field, with its state.",
            "change",
        ),
        Code.DISCLOSURE_REPEATED: Meaning(
            "The content holds a disclosure twice.",
            "Send each once.",
            "change",
        ),
        Code.DISCLOSURE_SALT: Meaning(
            "The salt of a disclosure is not the derived one.",
            "Derive the salts as the protocol says.",
            "never",
        ),
        Code.DISCLOSURE_FORM: Meaning(
            "A disclosure is not spelled in the one allowed way, or stands out of order.",
            "Write compact JSON, salt then value, in the order in which the manifest lists the fields.",
            "never",
        ),
        Code.FIELD_INVALID: Meaning(
            "The value of a field does not fit its type or limits.",
            "Mend the field that is named.",
            "change",
        ),
        Code.FIELD_UNKNOWN: Meaning(
            "A field is not in the catalogue.",
            "Use the catalogue's fields only.",
            "change",
        ),
        Code.FIELD_MISSING: Meaning(
            "A field that this type requires is missing.",
            "Add it.",
            "change",
        ),
        Code.FIELD_PROHIBITED: Meaning(
            "A value holds something that must never be sent.",
            "Take it out; the catalogue says what each field is for.",
            "change",
        ),
        Code.FIELD_NOT_FOR_TYPE: Meaning(
            "A field of the catalogue does not belong to this message type.",
            "Leave it out, or send the type that it belongs to.",
            "change",
        ),
        Code.FIELD_TOO_LONG: Meaning(
            "A value has more characters or entries than its field takes.",
            "Say it shorter; the catalogue gives the limit.",
            "change",
        ),
        Code.FIELD_TOO_SHORT: Meaning(
            "A value has fewer characters or entries than its field needs.",
            "Say more; the catalogue gives the limit.",
            "change",
        ),
        Code.FIELD_NOT_A_CHOICE: Meaning(
            "A value is none of those that its field allows.",
            "Choose one of the values that the catalogue lists.",
            "change",
        ),
        Code.FIELD_OUT_OF_RANGE: Meaning(
            "A number is outside the range of its field.",
            "Check the number; the catalogue gives the range.",
            "change",
        ),
        Code.FIELD_CHECK_DIGIT: Meaning(
            "The check digit of an identifier does not fit: it was mistyped.",
            "Copy the identifier again from its source.",
            "change",
        ),
        Code.FIELD_CHARACTERS: Meaning(
            "A text holds hidden or control characters, or white space at an end.",
            "Type the text again, or paste it without formatting.",
            "change",
        ),
        Code.FIELD_CONTRADICTS: Meaning(
            "Two values of one message contradict each other.",
            "Mend the value that is named, or the one that it depends on.",
            "change",
        ),
        Code.ITEM_INVALID: Meaning(
            "An answer is not in the form of an item: held, not held or withheld, with its members.",
            "Give a held value its kind, date and source; give a withheld one its reason; nothing else.",
            "change",
        ),
        Code.ITEM_PART3: Meaning(
            "The law enforcement particulars of an answer are not complete or contradict it.",
            "Give subject category, fact or assessment, reliability and date.",
            "change",
        ),
        Code.SECTOR_MIXED: Meaning(
            "One answer mixes the fields of different sectors.",
            "Answer for one sector; another unit of the organisation answers its own request.",
            "change",
        ),
        Code.TEXT_IDENTIFIER: Meaning(
            "A text seems to hold a number that identifies a person.",
            "Take the number out; identifiers have their own fields and recipients.",
            "change",
        ),
        Code.TEXT_CONTACT: Meaning(
            "A text seems to hold a telephone number, an e-mail or web address, or a postcode.",
            "Take it out; work contacts have their own fields.",
            "change",
        ),
        Code.TEXT_NAME: Meaning(
            "A text seems to name a person.",
            "Say who it is by role or relationship, such as 'an older cousin'.",
            "change",
        ),
        Code.TEXT_IMMIGRATION: Meaning(
            "A text seems to speak of somebody's immigration status, which is never shared here.",
            "Take it out.",
            "change",
        ),
        Code.TEXT_RELIGIOUS_PRACTICE: Meaning(
            "A text seems to describe religious practice, which is not a concern as such.",
            "Take it out; describe the conduct that worries you.",
            "change",
        ),
        Code.TEXT_SEXUAL_HEALTH: Meaning(
            "A text seems to speak of sexual or reproductive health or gender history, never shared here.",
            "Take it out.",
            "change",
        ),
        Code.TEXT_BROWSING: Meaning(
            "A text seems to hold browsing or search history.",
            "Say in a sentence what was noticed and when; leave the log out.",
            "change",
        ),
        Code.TEXT_INTELLIGENCE: Meaning(
            "A text seems to draw on intelligence, which section 38(5) of the 2015 Act keeps out.",
            "Take it out, and ask your police lead before sending anything.",
            "change",
        ),
        # --- policy
        Code.TYPE_UNKNOWN: Meaning(
            "The message type is not known here.",
            "Use a type of the policy pack.",
            "change",
        ),
        Code.TYPE_NOT_ALLOWED: Meaning(
            "This agency or role may not send this message type.",
            "See `dovetail policy list` for what may be asked of whom.",
            "change",
        ),
        Code.PACK_UNKNOWN: Meaning(
            "The policy pack named is not in the directory.",
            "Fetch the directory and use the pack in force.",
            "change",
        ),
        Code.PACK_NOT_IN_FORCE: Meaning(
            "The policy pack was not in force when the message arrived, nor in the 24 hours before.",
            "Fetch the directory and make the message again under the pack in force.",
            "change",
        ),
        Code.PACK_NOT_COUNTERSIGNED: Meaning(
            "The policy pack is expired or not countersigned by two data protection officers.",
            "Tell the policy council; nothing is sent under it.",
            "later",
        ),
        Code.PURPOSE_NOT_ALLOWED: Meaning(
            "The purpose is not one that this message type is for.",
            "Give the purpose that the policy pack lists.",
            "change",
        ),
        Code.BASIS_NOT_ALLOWED: Meaning(
            "The lawful basis is not one that this sender may use for this message.",
            "Use a basis that the policy pack lists for this sender.",
            "change",
        ),
        Code.BASIS_LEGITIMATE_INTEREST: Meaning(
            "A public authority may not rely on a recognised legitimate interest for its own tasks.",
            "Rely on Article 6(1)(e) and name the enactment.",
            "change",
        ),
        Code.BASIS_PUBLIC_TASK_STATEMENT: Meaning(
            "The recognised legitimate interest needs a request that states the public task.",
            "Answer a request that carries the public task statement.",
            "change",
        ),
        Code.BASIS_CONSENT: Meaning(
            "Consent is not a lawful basis for gathering information here.",
            "Rely on the public task; record support consent separately.",
            "change",
        ),
        Code.BASIS_SPECIAL_CATEGORY: Meaning(
            "A special category field needs an Article 9 condition, a Schedule 1 paragraph and a policy document in date.",
            "Add the condition, or leave the field out.",
            "change",
        ),
        Code.BASIS_SAFEGUARDING: Meaning(
            "Schedule 1 paragraph 18 needs a reason for not asking consent and, for an adult, all three limbs.",
            "Give the reason and the limbs, or rely on paragraph 6.",
            "change",
        ),
        Code.BASIS_CRIMINAL: Meaning(
            "A criminal-offence field needs Schedule 1 paragraph 36 and the paragraph that it extends.",
            "Add both paragraphs, or leave the field out.",
            "change",
        ),
        Code.BASIS_REGIME: Meaning(
            "Only a competent authority may process under Part 3.",
            "Send under UK GDPR.",
            "change",
        ),
        Code.BASIS_CROSSING: Meaning(
            "Information that crosses from Part 3 to UK GDPR must name the law that authorises it.",
            "Add the authority.",
            "change",
        ),
        Code.BASIS_PART3_METADATA: Meaning(
            "A Part 3 item lacks its subject category, fact or assessment, reliability or date.",
            "Complete the four members for each item.",
            "change",
        ),
        Code.BASIS_JURISDICTION: Meaning(
            "Sections 36 and 38 of the Counter-Terrorism and Security Act 2015 do not extend to Northern Ireland.",
            "Use the basis that applies there.",
            "change",
        ),
        Code.FIELD_NOT_ALLOWED: Meaning(
            "A field is not needed for the purpose given.",
            "Leave the field out.",
            "change",
        ),
        Code.FIELD_NOT_ASKED: Meaning(
            "A field was not asked for.",
            "Answer only what was asked.",
            "change",
        ),
        Code.FIELD_NOT_ANSWERED: Meaning(
            "A question that this answer closes lacks one of its fields.",
            'Answer each field of a question, with "not held" or "withheld" where that is so.',
            "change",
        ),
        Code.FIELD_NOT_FOR_RECIPIENT: Meaning(
            "This identity field is not one that the recipient's sector may receive.",
            "Leave it out; each sector has its own identifiers.",
            "change",
        ),
        Code.ATTESTATION_MISSING: Meaning(
            "The attestation that nothing comes from an intelligence service (section 38(5)) is missing.",
            "Check and attest, or do not send.",
            "change",
        ),
        Code.ATTESTATION_SIGNOFF: Meaning(
            "The sign-off that this answer needs is missing.",
            "Have the named role sign it off first.",
            "change",
        ),
        Code.ATTESTATION_REQUIRED: Meaning(
            "An attestation that this message type needs is missing.",
            "Check what it says, then attest it.",
            "change",
        ),
        Code.ATTESTATION_NOT_ALLOWED: Meaning(
            "An attestation does not belong to this message type.",
            "Leave it out.",
            "change",
        ),
        Code.ATTESTATION_DISAGREES: Meaning(
            "What the message holds is not what its manifest says.",
            "Make the message again from what it holds.",
            "change",
        ),
        Code.MARKING_TOO_LOW: Meaning(
            "The marking is less than this message type requires.",
            "Mark it as the policy pack says for the type.",
            "change",
        ),
        Code.QUESTION_CLOSED: Meaning(
            "A question was answered or refused before.",
            "Answer the open questions only; a correction is a message of its own.",
            "change",
        ),
        Code.DEADLINE_NOT_ALLOWED: Meaning(
            "The time to answer is not one that the policy pack allows for this agency.",
            "Give between the shortest and the longest time that the pack lists; hours only for those on duty.",
            "change",
        ),
        Code.REFUSAL_REASON_NOT_YOURS: Meaning(
            "Only police may refuse because of an investigation.",
            "Give the reason that applies to your agency.",
            "change",
        ),
        Code.MARKING_TOO_HIGH: Meaning(
            "The marking is above OFFICIAL.",
            "Nothing above OFFICIAL may be sent here.",
            "change",
        ),
        Code.RECIPIENT_EXCLUDED: Meaning(
            "This kind of organisation never receives messages here.",
            "There is no way to send this.",
            "never",
        ),
        Code.RECIPIENT_NOT_ALLOWED: Meaning(
            "This message type may not be sent to this kind of agency.",
            "See `dovetail policy list`.",
            "change",
        ),
        Code.ROLE_NOT_HELD: Meaning(
            "The role is not held for this area at this time.",
            "Use a role that the directory shows for the area, or the deputy.",
            "change",
        ),
        Code.AGREEMENT_MISSING: Meaning(
            "There is no sharing agreement with an impact assessment, in date, between the two agencies.",
            "Have the agreement registered or renewed.",
            "change",
        ),
        Code.NECESSITY_INSUFFICIENT: Meaning(
            "A necessity statement is missing, too short, repeated, or names only a protected characteristic.",
            "Say in your own words why this question is needed for this person.",
            "change",
        ),
        Code.APPROVAL_MISSING: Meaning(
            "More than 12 questions or a window of more than 24 months needs a supervisor's approval.",
            "Have the supervisor approve it, or ask for less.",
            "change",
        ),
        Code.SUBJECT_MORE_THAN_ONE: Meaning(
            "A request is about exactly one person.",
            "Send one request for each person.",
            "change",
        ),
        Code.RESIDENCE_MISSING: Meaning(
            "A district may answer only about a person who lives in it.",
            "Attest the link of residence, or hold nothing.",
            "change",
        ),
        Code.ONWARD_NOT_ALLOWED: Meaning(
            "Onward sharing is not allowed for what this message carries.",
            "Ask the originator.",
            "change",
        ),
        Code.RETENTION_TOO_LONG: Meaning(
            "The erase-by date is later than the class allows without a review.",
            "Set an earlier date.",
            "change",
        ),
        # --- the request and the case
        Code.REQUEST_UNKNOWN: Meaning(
            "The request that the message is about is not known.",
            "Check the reference.",
            "change",
        ),
        Code.REQUEST_MISMATCH: Meaning(
            "The message does not fit the request that it is about.",
            "Take the reference from the request as it was received.",
            "change",
        ),
        Code.REQUEST_CLOSED: Meaning(
            "The request is closed: answered, withdrawn, or past its last date for release.",
            "Ask the coordinator; a new request may be needed.",
            "never",
        ),
        Code.REQUEST_NOT_YOURS: Meaning(
            "The request was not addressed to this agency, or was not issued by it.",
            "Answer only requests addressed to you.",
            "never",
        ),
        Code.REQUEST_RECALLED: Meaning(
            "The request was recalled before it was collected.",
            "Nothing: there is nothing to answer.",
            "never",
        ),
        Code.CASE_NOT_YOURS: Meaning(
            "Another agency leads this case.",
            "Act in it only through a request addressed to you.",
            "never",
        ),
        Code.CLOCK_ALREADY_STOPPED: Meaning(
            "The clock of this request was stopped for a question before.",
            "Ask the coordinator to accept a second question.",
            "change",
        ),
        Code.EXTENSION_TOO_LONG: Meaning(
            "The extension is longer than may be given.",
            "Ask for at most what the policy pack allows.",
            "change",
        ),
        Code.EXTENSION_TOO_LATE: Meaning(
            "The extension was asked for after the due time.",
            "Answer as soon as you can; late answers are accepted.",
            "never",
        ),
        # --- quotas
        Code.QUOTA_RATE: Meaning(
            "The agency sends faster than its quota.",
            "Send again after the time given.",
            "later",
        ),
        Code.QUOTA_PENDING: Meaning(
            "The agency has more waiting at the broker than its quota.",
            "Wait until it has been handled, then send again.",
            "later",
        ),
        # --- receipts
        Code.RECEIPT_MISMATCH: Meaning(
            "The receipt does not fit the message that it is about.",
            "Sign a receipt over the manifest exactly as it was delivered.",
            "change",
        ),
        Code.RECEIPT_REPEATED: Meaning(
            "A receipt of this kind was given before.",
            "Nothing: the first one counts.",
            "never",
        ),
        # --- the log
        Code.LOG_CHECKPOINT: Meaning(
            "A checkpoint is malformed, or is not signed by the log with both of its keys.",
            "Fetch it again; if it stays so, tell the data protection officers.",
            "later",
        ),
        Code.LOG_PROOF: Meaning(
            "A proof does not show that the entry is in the log.",
            "Keep everything as it is, and tell the data protection officers.",
            "never",
        ),
        Code.LOG_HISTORY: Meaning(
            "Two checkpoints of the log contradict one another: its history was changed.",
            "Keep both, and tell the data protection officers at once.",
            "never",
        ),
        Code.FEED_GAP: Meaning(
            "An entry of this agency's feed is missing, repeated or changed.",
            "Fetch the feed again; if the gap stays, tell the data protection officers.",
            "later",
        ),
    }
)
