"""A content folder: `*.md`, `platform.yml` and `media/`, read whole with all its mistakes."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from contracts.campaign import CampaignDefinition
from services.site.publishing.campaign_file import CampaignFile, read_campaign
from services.site.publishing.model import Mistake, PlatformDocument
from services.site.publishing.platform_file import platform_default, read_platform
from services.site.publishing.reading import FILE_BYTES_MAX

PLATFORM_FILE = "platform.yml"
TIMEZONE = "America/Denver"


class Folder(msgspec.Struct, frozen=True, kw_only=True):
    """What a folder says. A file with a mistake is absent; its mistakes are listed."""

    campaigns: tuple[CampaignFile, ...]
    platform: PlatformDocument
    mistakes: tuple[Mistake, ...]


def read_folder(
    path: Path,
    *,
    timezone: str = TIMEZONE,
    last_good: PlatformDocument | None = None,
    in_force: PlatformDocument | None = None,
) -> Folder:
    """Return every good campaign of a folder, its platform settings, and all mistakes.

    One bad file never hides another: while `platform.yml` has a mistake `last_good` holds.
    `in_force` are settings that hold whatever the file says: the rows may be newer.
    Of two files with one slug the first by name counts; of two with one product, neither:
    one of them may be in force, and stock is counted by product.
    """
    fallback = last_good or platform_default(timezone)
    if not path.is_dir():
        missing = Mistake(file=path.name, line=1, field="", message="is not a folder")
        return Folder(campaigns=(), platform=fallback, mistakes=(missing,))
    read, mistakes = _read_platform(path, timezone)
    platform = in_force or read or fallback
    campaigns: dict[str, CampaignFile] = {}
    for file in campaign_files(path):
        found, wrong = _read_campaign(file, platform)
        mistakes += wrong
        if found is None:
            continue
        slug = found.document.slug
        if slug in campaigns:
            message = f"“{slug}” is already the campaign in {campaigns[slug].file}"
            mistakes.append(_at(found, "slug", message))
        else:
            campaigns[slug] = found
    doubled = _products_of_two(campaigns.values(), platform)
    mistakes += doubled
    refused = {mistake.file for mistake in doubled}
    return Folder(
        campaigns=tuple(each for each in campaigns.values() if each.file not in refused),
        platform=platform,
        mistakes=tuple(mistakes),
    )


def check_folder(path: Path, *, timezone: str = TIMEZONE) -> list[Mistake]:
    """Return every mistake in a folder; none means that all of it can be published."""
    return list(read_folder(path, timezone=timezone).mistakes)


def frozen(
    found: CampaignFile, stored: CampaignDefinition, *, is_started: bool
) -> Sequence[Mistake]:
    """Return what a file changes that may not change any more.

    Supporters pledged to that goal and that day. Source: decisions, "Calendar and closing".
    """
    if not is_started:
        return []
    wanted = found.document.definition
    changes = (
        ("goal_amount", wanted.goal_cents != stored.goal_cents),
        ("goal_deadline", wanted.deadline_at != stored.deadline_at),
        ("start_date", wanted.starts_at != stored.starts_at),
        ("currency", wanted.currency != stored.currency),
    )
    message = "is frozen since the campaign went live; put the old value back"
    return [_at(found, field, message) for field, is_changed in changes if is_changed]


def campaign_files(folder: Path) -> list[Path]:
    """Return the campaign files of a folder, by name. README files are for people."""
    return sorted(
        file
        for file in folder.glob("*.md")
        if file.is_file() and not file.name.startswith(".") and file.stem.lower() != "readme"
    )


def _read_platform(folder: Path, timezone: str) -> tuple[PlatformDocument | None, list[Mistake]]:
    file = folder / PLATFORM_FILE
    raw = file.read_bytes() if file.is_file() else b""
    return read_platform(raw, file=PLATFORM_FILE, timezone=timezone)


def _read_campaign(
    file: Path, platform: PlatformDocument
) -> tuple[CampaignFile | None, list[Mistake]]:
    try:
        # One byte more than allowed is enough to see that it is too large.
        with file.open("rb") as source:
            raw = source.read(FILE_BYTES_MAX + 65_536)
    except OSError as exc:
        reason = f"cannot be read ({exc.strerror})"
        return None, [Mistake(file=file.name, line=1, field="", message=reason)]
    return read_campaign(raw, file=file.name, platform=platform)


def _products_of_two(
    campaigns: Iterable[CampaignFile], platform: PlatformDocument
) -> list[Mistake]:
    """Return a mistake for every file that sells what somebody else sells, too."""
    sellers: dict[str, list[str]] = {
        product.product_id: [PLATFORM_FILE] for product in platform.definition.add_ons
    }
    found = list(campaigns)
    for each in found:
        for product in each.document.definition.add_ons:
            sellers.setdefault(product.product_id, []).append(each.file)
    return [
        _at(
            each,
            "campaign_add_ons",
            f"“{product.product_id}” is also sold in"
            f" {', '.join(file for file in sellers[product.product_id] if file != each.file)}",
        )
        for each in found
        for product in each.document.definition.add_ons
        if len(sellers[product.product_id]) > 1
    ]


def _at(found: CampaignFile, field: str, message: str) -> Mistake:
    return Mistake(file=found.file, line=found.lines.get(field, 1), field=field, message=message)
