from lms import demo_credentials, demo_directory, demo_reports

_real = demo_credentials.seed


def _seed(session, *rest):
    _real(session, *rest)
    demo_reports.seed(session, rest[-1])


demo_credentials.seed = _seed
import tests.web.test_browser as t
from tests.web.test_browser import *

for k in list(t.NETWORK):
    t.NETWORK[k] = "/help"
t.NETWORK[t.ORGANISER] = (
    "/reports /reports?period=all&by=year /reports?period=2026&by=organisation&oblast=Львівська+область&against=oblast:Сумська+область"
)
t.NETWORK[demo_directory.LEAD] = "/reports"
