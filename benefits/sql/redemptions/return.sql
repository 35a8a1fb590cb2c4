-- Take a redemption back, once its points are: see return_redemption.sql.
SELECT benefits_return_redemption(
    %(redemption)s, %(key)s, %(entry)s::bigint, %(on)s, %(at)s, %(actor)s::bigint, %(reason)s
)
