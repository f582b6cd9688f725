"""Why a file was not taken, or settings were not saved, in words. Pure."""

from gettext import NullTranslations


def media_reasons(texts: NullTranslations) -> dict[str, str]:
    """Return why something in the library was not done."""
    return {
        **_of_files(texts),
        "Choose a file.": texts.gettext("Choose a file."),
        "Give it a name.": texts.gettext("Give it a name."),
        "There is no such file any more.": texts.gettext("There is no such file any more."),
        "A page shows this file. Take it out there first.": texts.gettext(
            "A page shows this file. Take it out there first."
        ),
        "That is more than 200 MB within an hour. Wait a while.": texts.gettext(
            "That is more than 200 MB within an hour. Wait a while."
        ),
        "There is too little room left for uploads.": texts.gettext(
            "There is too little room left for uploads. Tell whoever runs this server."
        ),
        "The media folder can’t be written to.": texts.gettext(
            "The media folder can’t be written to. Tell whoever runs this server."
        ),
        "Uploads wait until limits can be counted again.": texts.gettext(
            "Uploads wait until limits can be counted again. Try in a minute."
        ),
        "The request ended too early.": texts.gettext("The upload broke off. Try again."),
        "The request took too long to arrive.": texts.gettext("The upload took too long."),
        "The form is not readable.": texts.gettext("The form is not readable."),
    }


def settings_reasons(texts: NullTranslations) -> dict[str, str]:
    """Return why settings were not saved."""
    return {
        "settings_overtaken": texts.gettext(
            "Somebody else has saved other settings since you opened this. Copy what you typed,"
            " open the page again and repeat it."
        ),
        "not_ready": texts.gettext("Something has to be put right first. It says what below."),
        "This section has nothing to save.": texts.gettext("This section has nothing to save."),
        "The file is no list of names with values. Put it right as a whole.": texts.gettext(
            "The file is no list of names with values. Put it right as a whole."
        ),
    }


def _of_files(texts: NullTranslations) -> dict[str, str]:
    return {
        "Only JPEG, PNG, WebP, GIF, MP4, MOV, WebM, MP3, M4A, Ogg and WAV files are taken.": (
            texts.gettext(
                "Only JPEG, PNG, WebP, GIF, MP4, MOV, WebM, MP3, M4A, Ogg and WAV files are taken."
            )
        ),
        "The file is too large. Pictures have 12 MB at most, sounds 36 MB, films 100 MB.": (
            texts.gettext(
                "The file is too large. Pictures have 12 MB at most, sounds 36 MB, films 100 MB."
            )
        ),
        "The picture has more than 40 megapixels (WebP: 12). Make it smaller.": texts.gettext(
            "The picture has more than 40 megapixels (WebP: 12). Make it smaller."
        ),
        "The picture has a side of more than 12,000 pixels. Make it smaller.": texts.gettext(
            "The picture has a side of more than 12,000 pixels. Make it smaller."
        ),
        "The picture takes too long to read. Save it anew, as a JPEG for instance.": texts.gettext(
            "The picture takes too long to read. Save it anew, as a JPEG for instance."
        ),
        "The file is damaged, or not what its first bytes say.": texts.gettext(
            "The file is damaged, or not what its first bytes say."
        ),
    }
