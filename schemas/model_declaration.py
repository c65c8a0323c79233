"""How an arm of the pool is declared: where it is served, what it costs, what it can take."""

import re
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from schemas.arm_names import base_of, size_in
from schemas.base import ONLY_WHERE_USED, Part

JUDGE_ONLY = "judge"
"""Named as its only role by an arm that judges answers and serves no role itself."""


MOST_SUBJECTS = 1000
_ALL_IN_ONE = (0,)
_BARE_URL = re.compile(r"https?://[^/?#@\s]+(/[^?#@\s]*)?")


class ModelDeclaration(Part):
    """One arm; prices are US dollars per million tokens.

    `name` is the arm, `model` what the endpoint calls it (the same if left out). The key is read
    from the environment variable `api_key_env`; an endpoint without one needs no key. `quotes`
    has the arm quote what it sorts, which catches wrong sentence numbers for more output tokens.
    `structured` "auto": the strongest mode that the endpoint takes, found out by its refusals.
    `schema_bounds` false leaves the window's own bounds out of JSON schemas, so that they are the
    same for every window: hosted endpoints cache them with the prompt, small models need them.
    `batch_subjects` are numbers of subjects that one call of a batched role asks about, 0 is all
    of the window: the first is the arm's own, each further one an arm of its own, `name@size`.
    """

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/+-]*$", max_length=100)
    base_url: str = Field(pattern=r"^https?://")
    model: str | None = None
    api_key_env: str | None = Field(
        default=None, pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=100
    )
    usd_per_million_input: float = Field(ge=0, allow_inf_nan=False)
    usd_per_million_cached: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    usd_per_million_output: float = Field(ge=0, allow_inf_nan=False)
    context_tokens: int = Field(default=8192, ge=256)
    max_output_tokens: int = Field(default=4096, ge=16)
    timeout_s: float = Field(default=60.0, gt=0)
    max_retries: int = Field(default=2, ge=0, le=10)
    in_flight: int = Field(default=16, ge=1)
    quotes: bool = False
    structured: Literal["json_schema", "json_object", "none", "auto"] = "json_schema"
    schema_bounds: bool = True
    roles: tuple[str, ...] = ()
    limit_group: str | None = Field(default=None, min_length=1, max_length=200)
    prior_quality: float | None = Field(default=None, ge=0, le=1)
    batch_subjects: tuple[Annotated[int, Field(ge=0, le=MOST_SUBJECTS)], ...] = Field(
        default=_ALL_IN_ONE,
        min_length=1,
        exclude_if=lambda sizes: sizes == _ALL_IN_ONE,
        json_schema_extra={ONLY_WHERE_USED: True},
    )

    @field_validator("name", mode="before")
    @classmethod
    def _no_batch_size(cls, name: Any) -> Any:
        if isinstance(name, str) and (size := size_in(name)) is not None:
            raise ValueError(
                f"{name!r} is how the batch size {size} of {base_of(name)!r} is named; leave out "
                f'"@{size}" and declare batch_subjects = [0, {size}]'
            )
        return name

    @field_validator("batch_subjects")
    @classmethod
    def _each_size_once(cls, sizes: tuple[int, ...]) -> tuple[int, ...]:
        if len(set(sizes)) < len(sizes):
            raise ValueError(f"batch_subjects {list(sizes)}: each size once")
        return sizes

    @field_validator("base_url")
    @classmethod
    def _no_secret_in_the_address(cls, base_url: str) -> str:
        # The address stands in metrics, logs and on the `model-pool` Kafka topic.
        if not _BARE_URL.fullmatch(base_url):
            raise ValueError(
                "base_url must be a plain address: no user, password, or query; a key goes into "
                "the environment variable that api_key_env names"
            )
        return base_url
