"""What is imported of benefits: brands, and what buyers spent in campaigns day by day."""

from benefits.importers.brands import BrandImporter
from benefits.importers.campaigns import CampaignFigureImporter

IMPORTERS = (BrandImporter, CampaignFigureImporter)
