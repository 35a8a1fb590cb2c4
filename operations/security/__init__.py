"""What every request of a person passes: who they are, how long they may stay, whether they proved it lately.

`backend` checks passwords and lockout, `sessions` their limits, `second_factor` leads to the code, `step_up` asks for
a proof before money and personal data. The pages are operations/admin/second_factor.py, the rules in services/.
"""
