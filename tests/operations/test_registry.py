"""What is registered by name: found, refused twice, and explained when it is missing."""

import pytest
from django.utils import translation

from operations import registry
from operations.errors import UnknownNameError
from operations.registry import Registry
from operations.services.jobs import Job


class Tea(Job):
    name = "make_tea"
    label = "make tea"


def test_an_entry_is_found_by_its_name() -> None:
    kettle: Registry[Job] = Registry("job")
    tea = Tea()
    kettle.register(tea)
    assert kettle.get("make_tea") is tea and list(kettle) == [tea]


def test_a_name_is_taken_once() -> None:
    kettle: Registry[Job] = Registry("job")
    kettle.register(Tea())
    with pytest.raises(ValueError, match="make_tea"):
        kettle.register(Tea())


def test_a_missing_name_is_answered_with_those_there_are() -> None:
    kettle: Registry[Job] = Registry("job")
    kettle.register(Tea())
    with translation.override("en"), pytest.raises(UnknownNameError, match=r"make_coffee.*make_tea"):
        kettle.get("make_coffee")


def test_the_house_has_its_jobs_and_importers() -> None:
    assert {job.name for job in registry.jobs} >= {"check_import", "apply_import", "undo_import"}
    assert {importer.name for importer in registry.importers} == {
        "enterprise-customers", "members", "orders", "points-adjustments", "credit-grants", "credit-reviews",
        "invoices", "receipts", "voucher-codes", "brands", "campaign-figures",
    }  # fmt: skip


def test_every_job_and_importer_has_a_label() -> None:
    assert all(str(entry.label) for entry in [*registry.jobs, *registry.importers])
