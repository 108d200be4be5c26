// Reads iCalendar objects with ical.js, a foreign parser, and says what it understood.
// stdin: a JSON list of objects as text; stdout: a JSON list of their parts. argv[2]: path of ical.js.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const { default: ICAL } = await import(pathToFileURL(process.argv[2]).href);

function read(text) {
  const calendar = new ICAL.Component(ICAL.parse(text));
  ICAL.TimezoneService.reset();
  for (const zone of calendar.getAllSubcomponents("vtimezone")) {
    ICAL.TimezoneService.register(new ICAL.Timezone(zone));
  }
  return {
    method: calendar.getFirstPropertyValue("method"),
    name: calendar.getFirstPropertyValue("x-wr-calname"),
    zones: calendar.getAllSubcomponents("vtimezone").map((zone) => zone.getFirstPropertyValue("tzid")),
    events: calendar.getAllSubcomponents("vevent").map((component) => {
      const event = new ICAL.Event(component);
      const attendee = component.getFirstProperty("attendee");
      return {
        uid: event.uid,
        sequence: event.sequence,
        summary: event.summary,
        description: event.description,
        location: event.location,
        status: component.getFirstPropertyValue("status"),
        starts: event.startDate.toJSDate().toISOString(),
        ends: event.endDate.toJSDate().toISOString(),
        stamp: component.getFirstPropertyValue("dtstamp").toJSDate().toISOString(),
        organizer: event.organizer,
        attendees: component.getAllProperties("attendee").map((each) => each.getFirstValue()),
        attendee: attendee && {
          name: attendee.getParameter("cn"),
          role: attendee.getParameter("role"),
          partstat: attendee.getParameter("partstat"),
          rsvp: attendee.getParameter("rsvp"),
        },
        conference: component.getFirstPropertyValue("conference"),
        url: component.getFirstPropertyValue("url"),
        categories: component.getFirstProperty("categories")?.getValues() ?? [],
      };
    }),
  };
}

console.log(JSON.stringify(JSON.parse(readFileSync(0, "utf-8")).map(read)));
