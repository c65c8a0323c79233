"""Configuration: one TOML file and environment variables."""

from pipeline.config.kafka import KafkaSettings
from pipeline.config.load import load_config
from pipeline.config.models import ModelSettings
from pipeline.config.settings import (
    Config,
    DomainSettings,
    JudgingSettings,
    PolicySettings,
    SplitterSettings,
    WorkerSettings,
)
from pipeline.config.state import StateSettings
from pipeline.config.web import WebSettings

__all__ = [
    "Config",
    "DomainSettings",
    "JudgingSettings",
    "KafkaSettings",
    "ModelSettings",
    "PolicySettings",
    "SplitterSettings",
    "StateSettings",
    "WebSettings",
    "WorkerSettings",
    "load_config",
]
