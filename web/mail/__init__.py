"""Mails: for each kind of message in the outbox, what stands in the letter, in the reader's language.

One module per part of the domain, named as there; each registers its renderers in `letters.RENDERERS`. The worker
(`web/main`) takes messages from the outbox, has them rendered here at the moment of sending, and gives the letters
to a `Mailer`.
"""
