"""What may be imported on this floor: a file for each kind, with its columns."""

from memberships.importers.adjustments import AdjustmentImporter
from memberships.importers.customers import (
    FLAGS,
    SIZES,
    EnterpriseCustomerImporter,
    EnterpriseCustomerResource,
    PlanWidget,
    plans_on_sale,
)
from memberships.importers.members import PersonImporter
from memberships.importers.orders import OrderImporter

__all__ = [
    "FLAGS",
    "SIZES",
    "AdjustmentImporter",
    "EnterpriseCustomerImporter",
    "EnterpriseCustomerResource",
    "OrderImporter",
    "PersonImporter",
    "PlanWidget",
    "plans_on_sale",
]
