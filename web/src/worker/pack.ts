/** Windows → the bytes that wire.ts describes. Nothing travels far here, so all is exact, and nothing is deflated. */
import type { Group, PackedWindow } from "../numbers/wire";

const UTF8 = new TextEncoder();

export interface Numbered extends Pick<PackedWindow, "name" | "axes" | "shape" | "place"> {
  group: string;
  /** Nothing: not sent, but asked for by name. */
  data: Float32Array | undefined;
}

export interface Packed {
  windows: PackedWindow[];
  groups: Group[];
  content: Float32Array[];
}

/** Windows of one group must stand together. */
export function packed(windows: Numbered[]): Packed {
  const groups: Group[] = [];
  const content: Float32Array[] = [];
  let end = 0;
  const placed = windows.map(({ name, axes, shape, place, group, data }): PackedWindow => {
    const about = { name, axes, shape, place, error: 0, top: 0 };
    if (!data) return { ...about, storage: "none", group: "", offset: 0, length: 0 };
    if (groups.at(-1)?.name !== group) groups.push({ name: group, offset: end, length: 0, size: 0 });
    const into = groups.at(-1)!;
    const offset = into.size;
    into.size = into.length += data.byteLength;
    end += data.byteLength;
    content.push(data);
    return { ...about, storage: "float32", group, offset, length: data.byteLength };
  });
  return { windows: placed, groups, content };
}

/** Header length, header, groups. The header is filled up with spaces, so that the numbers stand at a multiple of 4. */
export function bodyOf(header: object, content: Float32Array[]): ArrayBuffer {
  const text = UTF8.encode(JSON.stringify(header));
  const length = (text.length + 3) & ~3;
  const body = new Uint8Array(4 + length + content.reduce((sum, { byteLength }) => sum + byteLength, 0));
  new DataView(body.buffer).setUint32(0, length, true);
  body.fill(0x20, 4, 4 + length).set(text, 4);
  let at = 4 + length;
  for (const part of content) {
    body.set(new Uint8Array(part.buffer, part.byteOffset, part.byteLength), at);
    at += part.byteLength;
  }
  return body.buffer;
}
