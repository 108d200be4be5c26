/** One person's picture, or what they present: a screen, a second camera. */
import { Camera, Hand, MicOff, ShieldOff, Star, MonitorUp, WifiOff } from "lucide";
import type { VNode } from "preact";
import { useRef } from "preact/hooks";
import type { Participant } from "../../generated/messages";
import type { Key } from "../../i18n";
import type { Meeting } from "../meeting/state";
import { publicationOf } from "../meeting/state";
import type { Session } from "../session";
import { Avatar } from "../ui/Avatar";
import { useSession } from "../ui/context";
import { Icon } from "../ui/Icon";
import { written } from "../ui/names";
import { Quality } from "../ui/Quality";
import type { Box } from "./layout";
import { TileActions } from "./TileActions";
import { spotlit, type ShownSource, type TileItem } from "./tiles";
import { VideoView } from "./VideoView";

interface TileProps {
  readonly item: TileItem;
  readonly box: Box;
  readonly meeting: Meeting;
  readonly large: boolean;
  /** Interprets in sign language, in a place of their own: shown whole, also where the line is saved. */
  readonly signs: boolean;
}

/** The track to show, or why there is none. */
function usePicture(item: TileItem, meeting: Meeting, signs: boolean): { track: MediaStreamTrack | null; why: Key | null } {
  const { local, subscriber, view } = useSession();
  const person = meeting.participants.get(item.participant);
  if (item.participant === meeting.self) {
    const own = {
      camera: local.camera.state.value.track,
      screen: local.screen.value?.video ?? null,
      document_camera: local.second.track.value,
    }[item.source];
    const byHost = publicationOf(person, item.source)?.muted_by_host ?? false;
    return { track: own, why: byHost ? "tile.offByHost" : null };
  }
  const publication = publicationOf(person, item.source);
  if (!publication) return { track: null, why: null };
  if (publication.muted_by_host) return { track: null, why: "tile.offByHost" };
  if (publication.muted) return { track: null, why: null };
  if (meeting.undecodable.has(publication.id)) return { track: null, why: "tile.undecodable" };
  if (view.lowResources.value && item.source === "camera" && !signs) return { track: null, why: "tile.paused" };
  return { track: subscriber.incoming.value.get(publication.id)?.track ?? null, why: null };
}

export function Tile({ item, box, meeting, large, signs }: TileProps): VNode | null {
  const session = useSession();
  const { t } = session;
  const video = useRef<HTMLVideoElement>(null);
  const person = meeting.participants.get(item.participant);
  const { track, why } = usePicture(item, meeting, signs);
  if (!person) return null;
  const own = person.id === meeting.self;
  const screen = item.source === "screen";
  const presented = item.source !== "camera";
  const speaking = !presented && meeting.speaker === person.id && !silent(person);
  const small = box.width < 200;
  const classes = [
    "tile",
    speaking && "tile--speaking",
    large && "tile--large",
    small && "tile--small",
    presented && "tile--screen",
    item.source === "document_camera" && own && "tile--own",
  ];
  const place = { left: `${box.left}px`, top: `${box.top}px`, width: `${box.width}px`, height: `${box.height}px` };
  const name = t(signs ? "tile.signer" : NAMES[item.source][own ? 1 : 0], { name: own ? person.name : written(person) });
  return (
    <li
      class={classes.filter(Boolean).join(" ")}
      style={place}
      data-testid="tile"
      data-participant={person.id}
      data-name={person.name}
      data-source={item.source}
      data-signs={signs ? "true" : undefined}
      data-undecodable={why === "tile.undecodable" ? "true" : undefined}
    >
      {screen && own ? <OwnScreen /> : <Avatar name={person.name} />}
      {track && !(screen && own) && (
        <VideoView track={track} mirrored={own && !presented} whole={presented || large || signs} at={video} />
      )}
      {why && <p class="tile__why">{t(why)}</p>}
      {person.away && (
        <p class="tile__away">
          <Icon node={WifiOff} size={18} /> <span>{t("tile.away")}</span>
        </p>
      )}
      <Marks person={person} meeting={meeting} item={item} />
      <div class="tile__label">
        {presented ? <Icon node={screen ? MonitorUp : Camera} size={16} /> : <MicrophoneMark person={person} />}
        <span class="tile__name">{name}</span>
        {!small && !presented && person.organisation && person.organisation !== person.name && (
          <span class="tile__organisation">{person.organisation}</span>
        )}
        <Quality value={quality(session, person, meeting)} />
      </div>
      <TileActions item={item} person={person} meeting={meeting} name={name} track={track} video={video} />
    </li>
  );
}

/** What a tile is called: of others, and the own one. */
const NAMES: Readonly<Record<ShownSource, readonly [Key, Key]>> = {
  camera: ["tile.name", "tile.you"],
  screen: ["tile.screen", "tile.screen"],
  document_camera: ["tile.second", "tile.second"],
};

function quality({ ownQuality }: Session, person: Participant, meeting: Meeting): number {
  const told = meeting.quality.get(person.id) ?? 3;
  if (person.away) return 0;
  return person.id === meeting.self ? Math.min(told, ownQuality.value) : told;
}

function silent(person: Participant): boolean {
  const microphone = publicationOf(person, "microphone");
  return !microphone || microphone.muted || microphone.muted_by_host;
}

function Marks({ person, meeting, item }: { person: Participant; meeting: Meeting; item: TileItem }): VNode | null {
  const { t } = useSession();
  const place = item.source === "camera" ? meeting.hands.indexOf(person.id) : -1;
  const meant = spotlit(meeting) === item.key;
  if (place < 0 && !meant) return null;
  return (
    <div class="tile__marks">
      {place >= 0 && (
        <span class="mark mark--hand" title={t("hand.place", { place: place + 1 })}>
          <Icon node={Hand} size={18} />
          <span aria-hidden="true">{place + 1}</span>
          <span class="visually-hidden">{t("hand.place", { place: place + 1 })}</span>
        </span>
      )}
      {meant && (
        <span class="mark" title={t("tile.spotlight")}>
          <Icon node={Star} size={16} />
          <span class="visually-hidden">{t("tile.spotlight")}</span>
        </span>
      )}
    </div>
  );
}

/** Own mute and mute by the host look and read differently. */
export function MicrophoneMark({ person }: { readonly person: Participant }): VNode | null {
  const { t } = useSession();
  const microphone = publicationOf(person, "microphone");
  const key: Key | null = !microphone
    ? "microphone.none"
    : microphone.muted_by_host
      ? "microphone.byHost"
      : microphone.muted
        ? "microphone.off"
        : null;
  if (!key) return null;
  const byHost = key === "microphone.byHost";
  return (
    <span class={byHost ? "micmark micmark--host" : "micmark"} role="img" aria-label={t(key)} title={t(key)}>
      <Icon node={byHost ? ShieldOff : MicOff} size={16} />
    </span>
  );
}

function OwnScreen(): VNode {
  const { t, local } = useSession();
  return (
    <div class="ownscreen">
      <Icon node={MonitorUp} size={36} />
      <p>{t("screen.own")}</p>
      <button type="button" class="button button--danger" onClick={() => local.stopScreen()}>
        {t("screen.stop")}
      </button>
    </div>
  );
}
