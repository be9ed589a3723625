"""A pack bundle: its exact bytes, and the strict way from them to values.

``bundle`` writes what the directory distributes (protocol 6); ``parse_bundle`` reads it and stops
at the first thing that is unknown, unlisted or without a source, naming file and line.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

from policies.lawful_basis import BasisKind, find
from policies.overlay import read_overlay
from policies.overlay_values import Overlay
from policies.pack_text import Doc, PackError, read_doc
from policies.pack_values import (
    CaseLimits,
    Head,
    Jurisdiction,
    LegalOption,
    NecessityRule,
    Profile,
    RetentionClass,
    Sector,
    TypeRule,
)
from policies.pack_whole import Pack
from policies.roles import EXCLUDED_KINDS, NATIONS
from schemas.directory_entry import Nation, OrganisationKind
from schemas.encoding import JsonValue, b64u, dump_json, parse_json
from schemas.fields.catalogue import CATALOGUE
from schemas.fields.field import Tag
from schemas.manifest import Attest
from schemas.messages.message_type import Effect
from schemas.messages.registry import REGISTRY
from schemas.problems import Problem

__all__ = ["MAX_BUNDLE_BYTES", "Pack", "PackError", "bundle", "pack_hash", "parse_bundle"]

MAX_BUNDLE_BYTES = 2 * 1024 * 1024
_SINGLE = ("pack", "profiles", "jurisdictions", "sectors", "retention", "limits", "necessity")
_ANSWER = "information.response"
_LEGAL_TAGS = frozenset(
    {Tag.SPECIAL_HEALTH, Tag.SPECIAL_POSSIBLE, Tag.CRIMINAL, Tag.CRIMINAL_POSSIBLE}
)


class Maps(NamedTuple):
    """Files whose top level is a map from names to one class each."""

    profiles: Mapping[str, Profile]
    jurisdictions: Mapping[Nation, Jurisdiction]
    sectors: Mapping[str, Sector]
    retention: Mapping[str, RetentionClass]


def bundle(files: Mapping[str, str]) -> bytes:
    """Write a bundle: the same files give the same bytes.

    Args:
        files: Path within the pack's folder (``types/information/request.yaml``) to text.

    Raises:
        PackError: ``pack.yaml`` is missing or does not name the pack.

    """
    if "pack.yaml" not in files:
        raise PackError("pack.yaml", 0, "the file is missing")
    head = read_doc("pack.yaml", files["pack.yaml"]).as_(Head)
    ordered: JsonValue = {path: files[path] for path in sorted(files)}
    return dump_json({"v": 1, "id": head.pack, "ver": head.version, "files": ordered})


def pack_hash(data: bytes) -> str:
    """Give ``pol.h``: b64u(SHA-256) of a bundle's exact bytes."""
    return b64u(hashlib.sha256(data).digest())


def parse_bundle(data: bytes) -> Pack:
    """Read a bundle.

    Args:
        data: The exact bytes as distributed; at most 2 MiB.

    Returns:
        The pack, its rules resolved, its overlays beside it.

    Raises:
        PackError: Anything at all is not as it must be; says file and line.

    """
    files = _files(data)
    docs = {path: read_doc(path, text) for path, text in files.items()}
    for name in _SINGLE:
        if f"{name}.yaml" not in docs:
            raise PackError(f"{name}.yaml", 0, "the file is missing")
    head_doc = docs["pack.yaml"]
    head = head_doc.as_(Head)
    if bundle(files) != data:
        raise PackError("the bundle", 0, "not in its one spelling, or of another id or version")
    if head.valid_to < head.valid_from:
        raise head_doc.fail("valid_to is before valid_from", "valid_to")
    maps = _read_maps(docs)
    _check_sources(docs, head)
    _check_profiles(docs["profiles.yaml"], maps.profiles)
    _check_sectors(docs["sectors.yaml"], maps.sectors)
    types, answers = _read_types(docs, maps)
    pack = Pack(
        pack_hash(data), head, maps.profiles, maps.jurisdictions, maps.sectors, maps.retention,
        docs["limits.yaml"].as_(CaseLimits), docs["necessity.yaml"].as_(NecessityRule), types, answers, {},
    )  # fmt: skip
    return replace(pack, overlays=_read_overlays(docs, pack))


def _files(data: bytes) -> dict[str, str]:
    value = parse_json(data, limit_bytes=MAX_BUNDLE_BYTES)
    if isinstance(value, Problem) or not isinstance(value, dict):
        raise PackError("the bundle", 0, "not one JSON object of at most 2 MiB")
    files = value.get("files")
    if not isinstance(files, dict) or not all(isinstance(text, str) for text in files.values()):
        raise PackError("the bundle", 0, "files must map paths to texts")
    for path in files:
        folder, _, name = path.rpartition("/")
        if not name.endswith(".yaml") or not (
            (not folder and name.removesuffix(".yaml") in _SINGLE)
            or folder in {"overlays", "types/information", "types/information/response"}
            or folder == "types/deadline"
        ):
            raise PackError("the bundle", 0, "a file has no place in a pack")
    return {path: str(text) for path, text in files.items()}


def _read_maps(docs: Mapping[str, Doc]) -> Maps:
    maps = Maps(
        docs["profiles.yaml"].as_(dict[str, Profile]),
        docs["jurisdictions.yaml"].as_(dict[Nation, Jurisdiction]),
        docs["sectors.yaml"].as_(dict[str, Sector]),
        docs["retention.yaml"].as_(dict[str, RetentionClass]),
    )
    for nation in NATIONS:
        if nation not in maps.jurisdictions:
            raise docs["jurisdictions.yaml"].fail(f"{nation} is missing")
    for name, one in maps.retention.items():
        if not one.default_months <= one.child_ceiling_months <= one.ceiling_months:
            raise docs["retention.yaml"].fail(
                "default, ceiling for a child, ceiling must not fall", name
            )
    return maps


def _check_sources(docs: Mapping[str, Doc], head: Head) -> None:
    """Hold that whatever names sources names ones that ``pack.yaml`` gives."""
    for doc in docs.values():
        for path, line in doc.lines.items():
            if len(path) > 1 and path[-2] == "sources" and doc.file != "pack.yaml":
                key = doc.values
                for step in path:
                    key = key[step]
                if key not in head.sources:
                    raise PackError(doc.file, line, f"{key} is not a source of pack.yaml")


def _check_profiles(doc: Doc, profiles: Mapping[str, Profile]) -> None:
    for name, profile in profiles.items():
        special, criminal, part_3 = profile.special, profile.criminal, profile.part_3
        named: list[tuple[BasisKind, str | int]] = [
            *((BasisKind.ARTICLE_6, code) for code in profile.article_6),
            *((BasisKind.ANNEX_1, code) for code in profile.annex_1),
        ]
        if special is not None:
            named += [(BasisKind.ARTICLE_9, code) for code in special.article_9]
            named += [(BasisKind.SCHEDULE_1, code) for code in special.schedule_1]
        if criminal is not None:
            named += [(BasisKind.SCHEDULE_1, n) for n in (*criminal.extends, *criminal.alone)]
        if part_3 is not None:
            named.append((BasisKind.PART_3, part_3.section_35))
            named += [(BasisKind.SCHEDULE_8, code) for code in part_3.schedule_8]
        for kind, code in named:
            _check_basis(doc, kind, code, name)
        if (profile.regime == "part3") != (part_3 is not None):
            raise doc.fail("part_3 and the regime part3 go together", name)


def _check_basis(doc: Doc, kind: BasisKind, code: str | int, *path: str | int) -> None:
    basis = find(kind, code)
    if basis is None:
        raise doc.fail(f"{code} is not in policies/lawful_basis.py", *path)
    if basis.refused is not None:
        raise doc.fail(f"{code} may never be relied on: {basis.refused}", *path)


def _check_sectors(doc: Doc, sectors: Mapping[str, Sector]) -> None:
    for name, sector in sectors.items():
        for field in sector.identity:
            if field not in CATALOGUE or not CATALOGUE[field].is_identity:
                raise doc.fail(f"{field} is not an identity field", name, "identity", field)


def _read_types(
    docs: Mapping[str, Doc], maps: Maps
) -> tuple[Mapping[str, TypeRule], Mapping[OrganisationKind, TypeRule]]:
    types: dict[str, TypeRule] = {}
    answers: dict[OrganisationKind, TypeRule] = {}
    for path, doc in docs.items():
        if not path.startswith("types/"):
            continue
        _check_excluded(doc)
        rule = doc.as_(TypeRule)
        _check_path(doc, rule, maps)
        _check_type(doc, rule, maps)
        if rule.type != _ANSWER:
            types[rule.type] = rule
            continue
        for kind in (kind for party in rule.senders for kind in party.kinds):
            if kind in answers:
                raise doc.fail(f"{kind} answers in another file already", "senders")
            answers[kind] = rule
    needed = {kind.name for kind in REGISTRY.values()} - {_ANSWER}
    for name in sorted(needed - types.keys()):
        raise PackError(f"types/{name.replace('.', '/')}.yaml", 0, "the file is missing")
    return types, answers


def _check_path(doc: Doc, rule: TypeRule, maps: Maps) -> None:
    place = f"types/{rule.type.replace('.', '/')}"
    if rule.type == _ANSWER:
        if rule.sector not in maps.sectors or doc.file != f"{place}/{rule.sector}.yaml":
            raise doc.fail("the path of the file is not its sector's", "sector")
    elif doc.file != f"{place}.yaml" or rule.sector is not None or rule.answers:
        raise doc.fail("the path of the file is not its type's", "type")


def _check_excluded(doc: Doc) -> None:
    for key in ("senders", "recipients"):
        parties = doc.values.get(key) if isinstance(doc.values, dict) else None
        for place, party in enumerate(parties if isinstance(parties, list) else ()):
            kinds = party.get("kinds") if isinstance(party, dict) else None
            for kind in kinds if isinstance(kinds, list) else ():
                if kind in EXCLUDED_KINDS:
                    raise doc.fail(f"{kind} never takes part, whatever a pack says", key, place)


def _check_type(doc: Doc, rule: TypeRule, maps: Maps) -> None:
    kind = REGISTRY.get(f"{rule.type}/{rule.major}")
    if kind is None:
        raise doc.fail("there is no such message type", "type")
    if rule.keep not in maps.retention:
        raise doc.fail("there is no such retention class", "keep")
    if bool(rule.legal) == rule.legal_as_answer:
        raise doc.fail("either legal or legal_as_answer", "legal")
    for place, option in enumerate(rule.legal):
        _check_option(doc, option, maps.profiles, place)
    for name in (*rule.attest.required, *rule.attest.allowed):
        if name not in Attest.model_fields:
            raise doc.fail(f"{name} is not an attestation", "attest")
    for name in rule.fields:
        if name not in kind.required | kind.optional:
            raise doc.fail(f"{name} is no field of this type", "fields", name)
    for name in sorted(kind.required - rule.fields.keys()):
        raise doc.fail(f"{name} is required by the type", "fields")
    if (rule.deadline is not None) != (kind.effect is Effect.OPENS):
        raise doc.fail("a deadline belongs to a request, and only there", "deadline")
    for complaint in _answer_complaints(doc, rule):
        raise complaint


def _check_option(
    doc: Doc, option: LegalOption, profiles: Mapping[str, Profile], place: int
) -> None:
    profile = profiles.get(option.profile)
    if profile is None:
        raise doc.fail("there is no such profile", "legal", place, "profile")
    for code in option.authority:
        _check_basis(doc, BasisKind.AUTHORITY, code, "legal", place, "authority")
    paragraphs = profile.special.schedule_1 if profile.special is not None else ()
    if not set(option.schedule_1) <= set(paragraphs):
        raise doc.fail("not a paragraph of the profile", "legal", place, "schedule_1")
    conditions = profile.part_3.schedule_8 if profile.part_3 is not None else ()
    if not set(option.schedule_8) <= set(conditions):
        raise doc.fail("not a paragraph of the profile", "legal", place, "schedule_8")


def _answer_complaints(doc: Doc, rule: TypeRule) -> Iterator[PackError]:
    kinds = {kind for party in rule.senders for kind in party.kinds}
    for name, one in rule.answers.items():
        field = CATALOGUE.get(name)
        if field is None or not field.is_answer:
            yield doc.fail(f"{name} is not an answer of the catalogue", "answers", name)
        elif field.question != one.question:
            yield doc.fail(f"{name} answers another question", "answers", name)
        elif not (field.tags & _LEGAL_TAGS) <= set(one.tags):
            yield doc.fail(f"{name} lacks a tag that the catalogue gives it", "answers", name)
        elif not set(one.kinds) <= kinds:
            yield doc.fail(f"{name} is for a kind that does not answer here", "answers", name)


def _read_overlays(docs: Mapping[str, Doc], pack: Pack) -> Mapping[str, tuple[Overlay, ...]]:
    found: dict[str, tuple[Overlay, ...]] = {}
    for path, doc in docs.items():
        if path.startswith("overlays/"):
            overlay = read_overlay(doc, pack)
            found[overlay.area] = (*found.get(overlay.area, ()), overlay)
    return found
