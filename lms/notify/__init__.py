"""Mail, out and in, without a word of what it says: that is `web.mail`.

- **Out**: `actions.enqueue` writes a message in the transaction that causes it; `sending` claims it and notes the
  outcome, `dispatch` goes from one to the next, `journal` keeps a mail from going out twice, `rules` says when to try
  again, `mailer` is what the SMTP server and the outbox folder have in common.
- **In**: `inbox` is read, `reading` says what a mail is (with `itip` for answers of calendars, `delivery_reports` for
  bounces), `receiving` writes down what became of it, `replies` is what an answer holds.
- Tables: `models`. For people: `queries`, `management`.
"""
