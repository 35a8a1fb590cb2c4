"""What a member is given of their benefits on paper or as a spreadsheet, in the language of the moment."""
