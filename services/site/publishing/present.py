"""A stored document becomes what pages show: Markdown as safe HTML, paths as addresses.

Done anew each time a document is loaded, so that the rules hold at render time too.
"""

from collections.abc import Mapping

from services.site.public import state
from services.site.publishing.markdown import to_inline_html, to_text
from services.site.publishing.model import AddOnText, CampaignDocument
from services.site.publishing.present_blocks import hero_video, present_blocks
from services.site.publishing.shown_media import Media

DESCRIPTION_LENGTH_MAX = 300


def present(document: CampaignDocument, media: Media) -> state.CampaignContent:
    """Return the words and pictures of a campaign, ready for templates."""
    return state.CampaignContent(
        blurb=to_inline_html(document.blurb),
        blurb_text=to_text(document.blurb)[:DESCRIPTION_LENGTH_MAX],
        square=media.picture(document.hero_image),
        wide=media.picture(document.hero_image_wide) or media.picture(document.hero_image),
        creator=media.picture(document.creator_image),
        backdrop=media.picture(document.campaign_background),
        bar_picture=media.picture(document.progress_background),
        video=hero_video(document.hero_video, media),
        blocks=present_blocks(document.story, media),
        featured_tier_id=document.featured_tier_id,
        tiers={
            tier_id: state.TierContent(
                description=to_inline_html(words.description), picture=media.picture(words.image)
            )
            for tier_id, words in document.tiers.items()
        },
        support_needs={
            item_id: to_inline_html(need) for item_id, need in document.support_needs.items()
        },
        add_ons=present_add_ons(document.add_ons, media),
        phases=tuple(
            state.PhaseContent(name=phase.name, item_ids=phase.item_ids)
            for phase in document.phases
        ),
        stretch_descriptions=tuple(to_text(goal.description) for goal in document.stretch_goals),
        option_pictures={
            decision_id: tuple(media.picture(image) for image in words.option_images)
            for decision_id, words in document.decisions.items()
        },
        diary=tuple(
            state.DiaryEntry(
                entry_id=entry.entry_id,
                title=entry.title,
                at=entry.at,
                has_time=entry.has_time,
                phase=entry.phase,
                blocks=present_blocks(entry.blocks, media),
            )
            for entry in document.diary
        ),
        ongoing=tuple(
            state.OngoingContent(label=item.label, remaining_cents=item.remaining_cents)
            for item in document.ongoing_items
            if document.show_ongoing
        ),
    )


def present_add_ons(
    written: Mapping[str, AddOnText], media: Media
) -> dict[str, state.AddOnContent]:
    """Return the words and pictures of add-ons, the platform's own as well as a campaign's."""
    return {
        product_id: state.AddOnContent(
            description=to_inline_html(words.description),
            picture=media.picture(words.image),
            option_name=words.variant_option_name,
        )
        for product_id, words in written.items()
    }
