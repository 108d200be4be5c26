"""Publications, subscriptions, and what keeps them whole: sans-IO, with time always an argument.

A link is one peer's transport. What comes in belongs to a publication, whose timeline gives each packet one sequence
number and one timestamp for good, whatever source it came from. A subscription adds two constants to these and so
differs from its neighbours in little; they change only where it begins, pauses, or is switched.
"""

from sfu.media.link import LinkStats, MediaCore, MediaLink
from sfu.media.publication import Publication
from sfu.media.speaker import SpeakerGroup
from sfu.media.subscription import Subscription

__all__ = ["LinkStats", "MediaCore", "MediaLink", "Publication", "SpeakerGroup", "Subscription"]
