"""Domains: what a subject is and which categories exist, declared in files, not in code."""

from pipeline.domains.definition import Attribute, Category, CueSet, Domain, SubjectGuide
from pipeline.domains.load import load_domains, select_domains

__all__ = [
    "Attribute",
    "Category",
    "CueSet",
    "Domain",
    "SubjectGuide",
    "load_domains",
    "select_domains",
]
