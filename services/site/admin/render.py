"""The dashboard's screens as bytes: the templates of a language around what a screen shows."""

import functools
from datetime import datetime

import msgspec

from services.site.admin import figure_names, operating, report_names
from services.site.admin.access import User
from services.site.admin.code_names import code_name
from services.site.admin.settings_words import choice_name, help_of, label, section_name
from services.site.admin.stages import campaign_sign, flag_name, pledge_sign, run_sign
from services.site.admin.words import Tab, Trouble, action_name, role_name, tabs
from services.site.media.library import PLATFORM
from services.site.media.naming import file_size
from services.site.public import formatting
from services.site.public.assets import static_base
from services.site.public.frame import SiteFrame, environment
from services.site.public.language import LANGUAGES, NAMES, Language, prefix


class Shell(msgspec.Struct, frozen=True, kw_only=True):
    """What is around a screen. Without a user nobody is signed in."""

    language: Language
    path: str
    tab: str
    user: User | None = None
    csrf: str = ""
    done: str = ""
    trouble: Trouble | None = None

    @property
    def tabs(self) -> tuple[Tab, ...]:
        """Return where this user may go."""
        return tabs(self.user, self.language) if self.user else ()

    @property
    def role(self) -> str:
        """Return what this user's role is called."""
        return role_name(self.user.role, self.language) if self.user else ""


def render_admin(template: str, shell: Shell, site: SiteFrame, **shown: object) -> bytes:
    """Return a screen."""
    language, zone = shell.language, site.platform.timezone
    others = [other for other in LANGUAGES if other != language]
    page = environment(language).get_template(f"admin/{template}.html.j2")
    return page.render(
        shell=shell,
        site=site,
        static=static_base(),
        prefix=prefix(language),
        base=f"{prefix(language)}/admin/",
        others=[(other, NAMES[other], prefix(other) + shell.path) for other in others],
        money=functools.partial(formatting.money, always_cents=True),
        day=functools.partial(formatting.date, zone=zone, language=language),
        moment=functools.partial(_moment, zone=zone, language=language),
        last_moment=lambda at: _moment(formatting.last_minute(at), zone, language),
        role_name=functools.partial(role_name, language=language),
        action_name=functools.partial(action_name, language=language),
        campaign_sign=functools.partial(campaign_sign, language=language),
        run_sign=functools.partial(run_sign, language=language),
        pledge_sign=functools.partial(pledge_sign, language=language),
        flag_name=functools.partial(flag_name, language=language),
        code_name=functools.partial(code_name, language=language),
        age=functools.partial(operating.age, language=language),
        charge_name=functools.partial(operating.charge_name, language=language),
        fix_reason=functools.partial(operating.fix_reason, language=language),
        **figure_names.words(language),
        size_of=file_size,
        section_name=functools.partial(section_name, language=language),
        setting=functools.partial(label, language=language),
        setting_help=functools.partial(help_of, language=language),
        choice_name=functools.partial(choice_name, language=language),
        platform=PLATFORM,
        **report_names.words(language),
        **shown,
    ).encode()


def _moment(at: datetime, zone: str, language: Language) -> str:
    return f"{formatting.date(at, zone, language)}, {formatting.time(at, zone, language)}"
