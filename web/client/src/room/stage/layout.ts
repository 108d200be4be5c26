/** Where tiles go. Pure geometry, in CSS pixels. */

export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** In a wide space tiles stay wide, since a centre's camera shows a whole table; on an upright phone they may stand. */
const NARROWEST_WIDE = 16 / 10;
const NARROWEST_TALL = 3 / 4;
const WIDEST = 16 / 9;
/** A tile smaller than this shows a face too small to read. */
const LEAST: Size = { width: 150, height: 110 };
export const MOST_TILES = 25;

/** How many tiles one page can hold in this space. */
export function capacity(space: Size, gap: number): number {
  const columns = Math.max(1, Math.floor((space.width + gap) / (LEAST.width + gap)));
  const rows = Math.max(1, Math.floor((space.height + gap) / (LEAST.height + gap)));
  return Math.min(MOST_TILES, columns * rows);
}

/** The pages of a list, about equally full. An empty list has one empty page. */
export function paged<Item>(items: readonly Item[], most: number): readonly (readonly Item[])[] {
  const pages = Math.max(1, Math.ceil(items.length / Math.max(1, most)));
  const each = Math.ceil(items.length / pages);
  return Array.from({ length: pages }, (_, page) => items.slice(page * each, (page + 1) * each));
}

/** The largest tile of an allowed shape within a cell. */
function tileIn(cell: Size, narrowest: number): Size {
  const ratio = Math.min(WIDEST, Math.max(narrowest, cell.width / cell.height));
  const width = Math.min(cell.width, cell.height * ratio);
  return { width, height: width / ratio };
}

/**
 * Boxes for `count` tiles of one size: the number of columns is the one whose tiles cover most. Short last rows
 * are centred.
 */
export function grid(count: number, space: Size, gap: number): readonly Box[] {
  if (count === 0 || space.width <= 0 || space.height <= 0) return [];
  const narrowest = space.width > space.height ? NARROWEST_WIDE : NARROWEST_TALL;
  let best: { columns: number; rows: number; tile: Size } | null = null;
  for (let columns = 1; columns <= count; columns += 1) {
    const rows = Math.ceil(count / columns);
    const cell = {
      width: (space.width - gap * (columns - 1)) / columns,
      height: (space.height - gap * (rows - 1)) / rows,
    };
    if (cell.width <= 0 || cell.height <= 0) continue;
    const tile = tileIn(cell, narrowest);
    if (!best || tile.width * tile.height > best.tile.width * best.tile.height) best = { columns, rows, tile };
  }
  if (!best) return [];
  const { columns, rows, tile } = best;
  const top = (space.height - rows * tile.height - (rows - 1) * gap) / 2;
  return Array.from({ length: count }, (_, index) => {
    const row = Math.floor(index / columns);
    const inRow = Math.min(columns, count - row * columns);
    const left = (space.width - inRow * tile.width - (inRow - 1) * gap) / 2;
    return {
      left: left + (index % columns) * (tile.width + gap),
      top: top + row * (tile.height + gap),
      ...tile,
    };
  });
}

/** One small picture in the lower right corner, as long as there is nothing else to see. */
export function corner(space: Size): Box {
  const width = Math.round(Math.min(280, space.width * 0.4, space.height * 0.35 * WIDEST));
  const height = Math.round(width / WIDEST);
  return { left: space.width - width, top: space.height - height, width, height };
}

/** Part of the space for whoever interprets in sign language: at the side of a wide space, below in a tall one. */
const SIGN_WIDE = 0.26;
const SIGN_TALL = 0.3;
/** Hands and face fit best into this shape. */
const SIGN_SHAPE = 4 / 3;

/** A picture that stays, large enough to read hands, and what is left of the space from its upper left corner on. */
export function besideSigner(space: Size, gap: number): { readonly sign: Box; readonly rest: Size } {
  if (space.width > space.height) {
    const width = Math.round(Math.min(480, Math.max(216, space.width * SIGN_WIDE)));
    const height = Math.round(Math.min(space.height, width / SIGN_SHAPE));
    const sign = { left: space.width - width, top: Math.round((space.height - height) / 2), width, height };
    return { sign, rest: { width: space.width - width - gap, height: space.height } };
  }
  const height = Math.round(space.height * SIGN_TALL);
  const width = Math.round(Math.min(space.width, height * SIGN_SHAPE));
  const sign = { left: Math.round((space.width - width) / 2), top: space.height - height, width, height };
  return { sign, rest: { width: space.width, height: space.height - height - gap } };
}

export interface StageBoxes {
  readonly main: Box;
  /** For as many of the others as find room. */
  readonly strip: readonly Box[];
}

/** One large picture and a strip of small ones: beside it in a wide space, below it in a tall one. */
export function stage(others: number, space: Size, gap: number): StageBoxes {
  if (others === 0) return { main: { left: 0, top: 0, ...space }, strip: [] };
  return space.width > space.height ? beside(others, space, gap) : below(others, space, gap);
}

function beside(others: number, space: Size, gap: number): StageBoxes {
  const width = Math.round(Math.min(240, Math.max(120, space.width * 0.18)));
  const height = Math.round(width / WIDEST);
  const fit = Math.max(1, Math.min(others, Math.floor((space.height + gap) / (height + gap))));
  const left = space.width - width;
  const top = Math.max(0, (space.height - fit * height - (fit - 1) * gap) / 2);
  return {
    main: { left: 0, top: 0, width: left - gap, height: space.height },
    strip: Array.from({ length: fit }, (_, index) => ({ left, top: top + index * (height + gap), width, height })),
  };
}

function below(others: number, space: Size, gap: number): StageBoxes {
  const width = Math.floor(Math.min(200, Math.max(104, (space.width - 2 * gap) / 3)));
  const height = Math.round(width / (4 / 3));
  const columns = Math.max(1, Math.floor((space.width + gap) / (width + gap)));
  // The large picture is no taller than a slide needs; what is left goes to the others.
  const least = Math.min(space.height - height - gap, Math.max(space.width / WIDEST, space.height * 0.45));
  const rows = Math.max(1, Math.min(Math.ceil(others / columns), Math.floor((space.height - least) / (height + gap))));
  const fit = Math.min(others, rows * columns);
  const mainHeight = Math.max(0, space.height - rows * (height + gap));
  return {
    main: { left: 0, top: 0, width: space.width, height: mainHeight },
    strip: Array.from({ length: fit }, (_, index) => {
      const row = Math.floor(index / columns);
      const inRow = Math.min(columns, fit - row * columns);
      const left = Math.max(0, (space.width - inRow * width - (inRow - 1) * gap) / 2);
      return {
        left: left + (index % columns) * (width + gap),
        top: mainHeight + gap + row * (height + gap),
        width,
        height,
      };
    }),
  };
}
