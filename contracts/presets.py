"""What common rewards weigh and measure once wrapped, by the name a campaign file uses.

Ounces and inches. Weights are those of the thing; `packaging_weight_oz` is its mailer.
`stack_height_in` is what each further one adds. Source: product rules 4.1.
"""

import msgspec

from contracts.campaign import Package


class Preset(msgspec.Struct, frozen=True, kw_only=True):
    """A package, and carrier classes worth asking first when a parcel holds nothing else."""

    package: Package
    classes: tuple[str, ...] = ()


def _preset(
    weight: str, length: str, width: str, height: str, *, mailer: str, stack: str, by: str = ""
) -> Preset:
    return Preset(
        package=Package(
            weight_oz=weight,
            length_in=length,
            width_in=width,
            height_in=height,
            packaging_weight_oz=mailer,
            stack_height_in=stack,
        ),
        classes=(by,) if by else (),
    )


PRESETS: dict[str, Preset] = {
    "sticker": _preset("0.4", "6", "4", "0.1", mailer="0.6", stack="0.02"),
    "tshirt": _preset("6", "12", "10", "1", mailer="1", stack="0.75"),
    "poster": _preset("4", "25", "3", "3", mailer="8", stack="0.25"),
    "cd": _preset("3.6", "7.5", "5.5", "0.6", mailer="1", stack="0.4", by="MEDIA_MAIL"),
    "vinyl": _preset("11", "13", "13", "0.75", mailer="7", stack="0.25", by="MEDIA_MAIL"),
    "dvd": _preset("4", "8", "6", "0.75", mailer="1", stack="0.6", by="MEDIA_MAIL"),
    "bluray": _preset("3.2", "7.5", "6", "0.7", mailer="1", stack="0.5", by="MEDIA_MAIL"),
    "signed_script": _preset("14", "12", "9", "0.75", mailer="1.5", stack="0.5", by="MEDIA_MAIL"),
}
