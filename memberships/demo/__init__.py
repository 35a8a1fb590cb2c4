"""Demo data: two programmes, people and firms with cards in every state, their payments and points, last week's nights,
and a user of the desk for each role.

What has a past is written set-based, the same for the same day: nothing here asks the clock or the system's dice. What
happened lately was done by the product itself: the last nights are the real jobs, run against the sandbox gateway.
"""

from memberships.demo.loading import Loaded, load_demo
from memberships.demo.members import (
    BRAND_FIRST,
    BRAND_SECOND,
    GIVEN,
    INDUSTRIES,
    MARK,
    PLACES,
    SURNAMES,
    credit_code,
)
from memberships.demo.programmes import make_jd_plus, make_jd_plus_enterprise
from memberships.demo.users import (
    ADMIN,
    AUDITOR,
    LOGINS,
    OPERATOR,
    Login,
    make_users,
    working_logins,
)

__all__ = [
    "ADMIN",
    "AUDITOR",
    "BRAND_FIRST",
    "BRAND_SECOND",
    "GIVEN",
    "INDUSTRIES",
    "LOGINS",
    "MARK",
    "OPERATOR",
    "PLACES",
    "SURNAMES",
    "Loaded",
    "Login",
    "credit_code",
    "load_demo",
    "make_jd_plus",
    "make_jd_plus_enterprise",
    "make_users",
    "working_logins",
]
