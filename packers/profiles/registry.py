"""The profiles by the names that `lcdata export --to` takes."""

from collections.abc import Mapping

from . import axolotl, datatrove, documents, llamafactory, mds, megatron, megatron_bridge, olmo_core
from .profile import Profile

PROFILES: Mapping[str, Profile] = {
    "documents": documents.PROFILE,
    "axolotl": axolotl.PROFILE,
    "llamafactory": llamafactory.PROFILE,
    "megatron-bridge": megatron_bridge.PROFILE,
    "megatron": megatron.PROFILE,
    "olmo-core": olmo_core.PROFILE,
    "datatrove": datatrove.PROFILE,
    "mds": mds.PROFILE,
}
