/** What one may do about a picture: pin it for oneself, and in a menu what concerns others. */
import { Camera, EllipsisVertical, Pin, PinOff, Star, VideoOff } from "lucide";
import type { VNode } from "preact";
import type { Participant } from "../../generated/messages";
import { order, takePicture } from "../actions";
import type { Meeting } from "../meeting/state";
import { may, publicationOf } from "../meeting/state";
import type { Session } from "../session";
import { useSession } from "../ui/context";
import { Icon } from "../ui/Icon";
import { Menu, type MenuItem } from "../ui/Menu";
import { spotlit, type TileItem } from "./tiles";

/** What a tile shows. */
export interface Picture {
  readonly item: TileItem;
  readonly person: Participant;
  readonly meeting: Meeting;
  /** As the tile is called. */
  readonly name: string;
  readonly track: MediaStreamTrack | null;
  readonly video: { readonly current: HTMLVideoElement | null };
}

export function TileActions(picture: Picture): VNode {
  const session = useSession();
  const { t, view, local } = session;
  const { item, name, meeting, person } = picture;
  const own = person.id === meeting.self;
  const pinned = view.pinned.value === item.key;
  const label = t(pinned ? "tile.unpin" : "tile.pin", { name });
  const items = menuItems(session, picture);
  return (
    <div class="tile__actions">
      <button
        type="button"
        class="iconbutton iconbutton--small iconbutton--solid"
        aria-label={label}
        title={label}
        onClick={() => view.togglePin(item.key)}
      >
        <Icon node={pinned ? PinOff : Pin} size={18} />
      </button>
      {own && item.source === "document_camera" && (
        <button
          type="button"
          class="iconbutton iconbutton--small iconbutton--solid"
          aria-label={t("bar.secondOff")}
          title={t("bar.secondOff")}
          data-testid="second-stop"
          onClick={() => local.second.stop()}
        >
          <Icon node={VideoOff} size={18} />
        </button>
      )}
      {items.length > 0 && (
        <Menu
          label={t("tile.menu", { name })}
          icon={EllipsisVertical}
          class="iconbutton iconbutton--small iconbutton--solid"
          items={items}
        />
      )}
    </div>
  );
}

function menuItems(session: Session, picture: Picture): readonly MenuItem[] {
  const { t, config } = session;
  const { item, person, meeting, name, track, video } = picture;
  const self = meeting.participants.get(meeting.self);
  const own = person.id === meeting.self;
  const publication = publicationOf(person, item.source);
  const items: MenuItem[] = [];
  if (track && config.picturesUrl && may(self, "take_pictures")) {
    items.push({
      label: t("tile.picture"),
      icon: Camera,
      run: () => void takePicture(session, item, track, video.current, name),
    });
  }
  if (may(self, "moderate") && (publication || item.source === "camera")) {
    const meant = spotlit(meeting) === item.key;
    // A camera that sends nothing can only be meant as the person.
    const source = publication ? item.source : null;
    items.push({
      label: t(meant ? "person.unspotlight" : "person.spotlight"),
      icon: Star,
      run: () =>
        void order(
          session,
          meant ? { do: "spotlight", participant: null } : { do: "spotlight", participant: person.id, source },
        ),
    });
  }
  if (!own && may(self, "moderate") && publication && !publication.muted && !publication.muted_by_host) {
    items.push({
      label: t(STOP[item.source]),
      icon: VideoOff,
      run: () => void order(session, { do: "mute", participant: person.id, source: item.source }),
    });
  }
  return items;
}

const STOP = {
  camera: "person.cameraOff",
  screen: "bar.screenOff",
  document_camera: "bar.secondOff",
} as const;
