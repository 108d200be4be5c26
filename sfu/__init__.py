"""The selective forwarding unit: packets, transports, publications, subscriptions, bandwidth.

It forwards media and never decodes it. It knows nothing of people, roles, schedules, HTTP or a database.
"""
