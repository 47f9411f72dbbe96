"""The JSON of requests about webhooks."""

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from api.http.values import MAX_NAME_LENGTH, MAX_PAGE_SIZE, PageToken, Url
from jobs.events.model import EventType
from jobs.job.labels import END, Labels

WebhookId = Annotated[
    str,
    Meta(
        pattern="^[0-9a-f]{32}$",
        description="The webhook's `id`.",
        examples=["0b9c8f7a6e5f0c6a1e9d3b4c7f8a2e1d"],
    ),
]
Description = Annotated[str, Meta(max_length=200, description="A word on it, for people.")]
Events = Annotated[
    list[EventType],
    Meta(max_length=6, description="Which events it hears; empty for all."),
]
Types = Annotated[
    list[
        Annotated[
            str,
            Meta(
                max_length=MAX_NAME_LENGTH,
                pattern=rf"^(\*|[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*(\.[a-z][a-z0-9_]*|\.\*)){END}",
            ),
        ]
    ],
    Meta(
        max_length=20,
        description="Of which job types: names, or beginnings such as `http.*`; empty for all.",
        examples=[["http.*"]],
    ),
]
WantedLabels = Annotated[
    Labels, Meta(description="Labels that a job must have, all of them; empty for any.")
]


class WebhookCreation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A URL that is to hear of your jobs."""

    url: Url
    description: Description = ""
    events: Events = []
    types: Types = []
    labels: WantedLabels = {}
    enabled: bool = True


class WebhookUpdate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be another way. What is not given stays as it is."""

    url: Url | UnsetType = UNSET
    description: Description | UnsetType = UNSET
    events: Events | UnsetType = UNSET
    types: Types | UnsetType = UNSET
    labels: WantedLabels | UnsetType = UNSET
    enabled: Annotated[
        bool | UnsetType,
        Meta(description="`true` switches it on again, and forgets what failed before."),
    ] = UNSET


class WebhooksQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    page_size: Annotated[
        int, Meta(ge=1, le=MAX_PAGE_SIZE, description="How many webhooks a page has at most.")
    ] = 50
    page_token: PageToken = ""
