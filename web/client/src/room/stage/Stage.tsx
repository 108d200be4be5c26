/** The pictures: a grid with pages, or one large picture and a strip. */
import { ChevronLeft, ChevronRight } from "lucide";
import type { VNode } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Meeting } from "../meeting/state";
import { publicationOf } from "../meeting/state";
import type { Session } from "../session";
import { useSession } from "../ui/context";
import { Icon } from "../ui/Icon";
import { signer } from "../interpreting/channels";
import { besideSigner, capacity, corner, grid, paged, stage, type Box, type Size } from "./layout";
import { arrange } from "./order";
import { Alone } from "./Alone";
import { Tile } from "./Tile";
import { onStage, peopleWithTiles, presented, tileOf, type TileItem } from "./tiles";

interface Placed {
  readonly item: TileItem;
  readonly box: Box;
  readonly large: boolean;
  /** Whoever interprets in sign language, in a place of their own. */
  readonly signs?: boolean;
}

interface Scene {
  readonly placed: readonly Placed[];
  readonly page: number;
  readonly pages: number;
}

const camera = (participant: string): TileItem => tileOf(participant, "camera");

/** Everything that may be shown small, in order: what is presented, then people. */
function smallTiles(session: Session, meeting: Meeting, main: string | null, before: readonly string[], front: number) {
  const people = arrange(
    before,
    peopleWithTiles(meeting).map(({ id }) => id),
    meeting.speaker,
    front,
    session.lastSpoke,
  );
  const items = [...presented(meeting), ...people.map(camera)].filter(({ key }) => key !== main);
  return { people, items };
}

/** Nobody else is here, and nothing is shown but the own camera. */
const isAlone = (meeting: Meeting): boolean => meeting.participants.size === 1 && presented(meeting).length === 0;

/** Height of the pager's row below the tiles, CSS pixels. */
const PAGER = 48;

function useScene(session: Session, meeting: Meeting, space: Size, gap: number): Scene {
  const order = useRef<readonly string[]>([]);
  if (space.width === 0 || space.height === 0) return { placed: [], page: 0, pages: 1 };
  if (isAlone(meeting)) {
    return { placed: [{ item: camera(meeting.self), box: corner(space), large: false }], page: 0, pages: 1 };
  }
  const signs = session.view.sign.value ? signer(meeting) : null;
  if (!signs || session.view.pinned.value === signs.id) return fitted(session, meeting, space, gap, order, null);
  const { sign, rest } = besideSigner(space, gap);
  const scene = fitted(session, meeting, rest, gap, order, signs.id);
  return { ...scene, placed: [...scene.placed, { item: camera(signs.id), box: sign, large: false, signs: true }] };
}

/** `signs`: who has a place of their own, and none here. */
function fitted(
  session: Session,
  meeting: Meeting,
  space: Size,
  gap: number,
  order: { current: readonly string[] },
  signs: string | null,
): Scene {
  const whole = compose(session, meeting, space, gap, order, signs);
  if (whole.pages === 1) return whole;
  return compose(session, meeting, { width: space.width, height: space.height - PAGER }, gap, order, signs);
}

function compose(
  session: Session,
  meeting: Meeting,
  space: Size,
  gap: number,
  order: { current: readonly string[] },
  signs: string | null,
): Scene {
  const { view } = session;
  const large = onStage(meeting, {
    pinned: view.pinned.value,
    layout: view.layout.value,
    screenInGrid: view.screenInGrid.value,
    lastSpeaker: session.lastSpeaker.value,
  });
  const main = large === signs ? null : large;
  const everyone = peopleWithTiles(meeting).length + presented(meeting).length - (signs === null ? 0 : 1);
  const boxes = main === null ? null : stage(everyone - 1, space, gap);
  const front = boxes ? boxes.strip.length : capacity(space, gap);
  const { people, items: all } = smallTiles(session, meeting, main, order.current, front);
  const items = all.filter(({ key }) => key !== signs);
  order.current = people;
  const pages = paged(items, front);
  const page = Math.min(view.page.value, pages.length - 1);
  const shown = pages[page] ?? [];
  const places = boxes ? boxes.strip : grid(shown.length, space, gap);
  const small = shown.flatMap((item, index) => {
    const box = places[index];
    return box ? [{ item, box, large: false }] : [];
  });
  if (!boxes || main === null) return { placed: small, page, pages: pages.length };
  const shownLarge = presented(meeting).find(({ key }) => key === main) ?? camera(main);
  return { placed: [{ item: shownLarge, box: boxes.main, large: true }, ...small], page, pages: pages.length };
}

/** Publication → height of the tile that shows it. */
function videosInSight(session: Session, meeting: Meeting, scene: Scene): ReadonlyMap<string, number> {
  const inSight = new Map<string, number>();
  for (const { item, box, signs } of scene.placed) {
    if (item.participant === meeting.self) continue;
    if (session.view.lowResources.value && item.source === "camera" && !signs) continue;
    const publication = publicationOf(meeting.participants.get(item.participant), item.source);
    if (publication && !meeting.undecodable.has(publication.id)) inSight.set(publication.id, Math.round(box.height));
  }
  return inSight;
}

const ORDER: readonly TileItem["source"][] = ["camera", "screen", "document_camera"];

/**
 * Tiles stand in the page in the order in which people came: a video that is moved in the page would stop for a
 * moment.
 */
function inOrderOfArrival(placed: readonly Placed[], meeting: Meeting): readonly Placed[] {
  const places = new Map([...meeting.participants.keys()].map((id, index) => [id, index]));
  const rank = ({ item }: Placed): number =>
    (places.get(item.participant) ?? 0) * ORDER.length + ORDER.indexOf(item.source);
  return [...placed].sort((a, b) => rank(a) - rank(b));
}

function useSize(): [element: { current: HTMLDivElement | null }, size: Size] {
  const element = useRef<HTMLDivElement>(null);
  const [size, setSize] = useState<Size>({ width: 0, height: 0 });
  useLayoutEffect(() => {
    const node = element.current;
    if (!node) return undefined;
    const look = (): void => setSize({ width: node.clientWidth, height: node.clientHeight });
    const observer = new ResizeObserver(look);
    observer.observe(node);
    look();
    return () => observer.disconnect();
  }, []);
  return [element, size];
}

export function Stage({ meeting }: { readonly meeting: Meeting }): VNode {
  const session = useSession();
  const { t, view } = session;
  const [element, size] = useSize();
  const gap = size.width < 600 ? 6 : 12;
  const scene = useScene(session, meeting, size, gap);
  const inSight = videosInSight(session, meeting, scene);
  const wish = [...inSight].flat().join(" ");
  useEffect(() => {
    if (size.width === 0) return;
    const existing = new Set([...meeting.participants.values()].flatMap((one) => one.publications.map(({ id }) => id)));
    session.receiving.show(inSight, existing);
  }, [wish, size.width === 0]);
  return (
    <div class="stage">
      <div class="stage__space" ref={element}>
        <ul class="stage__tiles" aria-label={t("stage.label")}>
          {inOrderOfArrival(scene.placed, meeting).map(({ item, box, large, signs = false }) => (
            <Tile key={item.key} item={item} box={box} meeting={meeting} large={large} signs={signs} />
          ))}
        </ul>
      </div>
      {isAlone(meeting) && <Alone />}
      {scene.pages > 1 && (
        <nav class="pager" aria-label={t("stage.pages")}>
          <PageButton
            label={t("stage.previous")}
            icon={ChevronLeft}
            off={scene.page === 0}
            go={() => (view.page.value = scene.page - 1)}
          />
          <span class="pager__at">
            {scene.page + 1} / {scene.pages}
          </span>
          <PageButton
            label={t("stage.next")}
            icon={ChevronRight}
            off={scene.page >= scene.pages - 1}
            go={() => (view.page.value = scene.page + 1)}
          />
        </nav>
      )}
    </div>
  );
}

interface PageButtonProps {
  readonly label: string;
  readonly icon: typeof ChevronLeft;
  readonly off: boolean;
  readonly go: () => void;
}

function PageButton({ label, icon, off, go }: PageButtonProps): VNode {
  return (
    <button
      type="button"
      class="iconbutton iconbutton--solid"
      aria-label={label}
      aria-disabled={off}
      onClick={() => !off && go()}
    >
      <Icon node={icon} />
    </button>
  );
}
