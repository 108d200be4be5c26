"""Every table of the product, in one place for migrations and tests."""

from lms.appointments import models as appointments
from lms.assessment import models as assessment
from lms.assessment.attempts import models as attempts
from lms.assessment.figures import models as figures
from lms.audit import models as audit
from lms.base import Base
from lms.courses import models as courses
from lms.courses.classes import models as classes
from lms.credentials import bulk_models, external_models
from lms.credentials import models as credentials
from lms.directory import access_models, project_models, register_models
from lms.directory import models as directory
from lms.directory.eid import models as eid
from lms.evidence import models as evidence
from lms.frameworks import models as frameworks
from lms.media import models as media
from lms.meetings import attendance_models
from lms.meetings import models as meetings
from lms.needs import models as needs
from lms.notify import models as notify
from lms.roadmaps import models as roadmaps
from lms.schedule import audience_models, group_models, plan_models, protection_models
from lms.schedule import models as schedule
from lms.streaming import models as streaming

metadata = Base.metadata

__all__ = [
    "access_models",
    "appointments",
    "assessment",
    "attempts",
    "attendance_models",
    "audience_models",
    "audit",
    "bulk_models",
    "classes",
    "courses",
    "credentials",
    "directory",
    "eid",
    "evidence",
    "external_models",
    "figures",
    "frameworks",
    "group_models",
    "media",
    "meetings",
    "metadata",
    "needs",
    "notify",
    "plan_models",
    "project_models",
    "protection_models",
    "register_models",
    "roadmaps",
    "schedule",
    "streaming",
]
