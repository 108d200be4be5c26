"""Mails: for each kind of message in the outbox, what stands in the letter, in the reader's language.

One module per part of the domain, named as there; each registers its renderers in `letters.RENDERERS`. The worker
(`web/main`) takes messages from the outbox, has them rendered here at the moment of sending (`composing`, `mime`), and
gives the mails to a `Mailer` (`smtp`, `outbox`). A renderer finds the reader by `recipients.resolve` and fills a pair
of templates by `writing.write`; the templates stand in `web/templates/mail` and extend its two layouts.
"""
