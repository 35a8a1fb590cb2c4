"""The sections of programme files that say who fulfils a programme's benefits, and which tier is worth which elsewhere.

Keys, addresses and contacts never stand in a file: they are entered at the desk.
"""

from partners.programme_files.partners import Partners
from partners.programme_files.registration_gifts import RegistrationGifts
from partners.programme_files.status_match import StatusMatches

#: In the order in which they are applied: the others name partners.
SECTIONS = (Partners, StatusMatches, RegistrationGifts)
