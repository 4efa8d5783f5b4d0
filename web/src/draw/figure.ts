/** A part of the document as one SVG picture: its texts, boxes, canvases and drawings, each where it stands. */

export type Layout = "slide" | "paper";

const SLIDE = [1600, 900] as const;
const PAPER = 960;
const MARGIN = 28;
const LINE = 34;

const escaped = (text: string): string => text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
const seen = (colour: string): boolean => !/^(rgba\(.*, 0\)|transparent)$/.test(colour) && !colour.endsWith("/ 0)");

/** `caption` stands below. A slide is 1600 × 900; a page of paper is as high as what it shows. */
export function drawn(
  root: HTMLElement,
  caption: string,
  layout: Layout,
): { svg: string; width: number; height: number } {
  const frame = root.getBoundingClientRect();
  const parts: string[] = [];
  walk(root, parts, frame.left, frame.top);
  const page = getComputedStyle(document.body);
  const tall =
    layout === "slide"
      ? Math.min(frame.height, (frame.width * (SLIDE[1] - 2 * MARGIN - LINE)) / (SLIDE[0] - 2 * MARGIN))
      : frame.height;
  const [width, scale] =
    layout === "slide"
      ? [SLIDE[0], Math.min((SLIDE[0] - 2 * MARGIN) / frame.width, (SLIDE[1] - 2 * MARGIN - LINE) / tall)]
      : [PAPER, (PAPER - 2 * MARGIN) / frame.width];
  const height = layout === "slide" ? SLIDE[1] : Math.round(tall * scale + 2 * MARGIN + LINE);
  const svg =
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="${escaped(page.fontFamily)}">` +
    `<title>${escaped(caption)}</title><rect width="100%" height="100%" fill="${page.backgroundColor}"/>` +
    `<svg x="${MARGIN}" y="${MARGIN}" width="${frame.width * scale}" height="${tall * scale}" viewBox="0 0 ${frame.width} ${tall}">${parts.join("")}</svg>` +
    `<text x="${MARGIN}" y="${height - MARGIN + 8}" font-size="14" fill="${page.color}" textLength="${Math.min(width - 2 * MARGIN, caption.length * 7.2)}" lengthAdjust="spacingAndGlyphs">${escaped(caption)}</text></svg>`;
  return { svg, width, height };
}

function walk(element: Element, parts: string[], left: number, top: number): void {
  const style = getComputedStyle(element);
  const box = element.getBoundingClientRect();
  if (
    style.display === "none" ||
    style.visibility === "hidden" ||
    element.classList.contains("sr") ||
    box.width === 0 ||
    box.height === 0
  )
    return;
  const [x, y] = [box.left - left, box.top - top];
  if (element instanceof SVGSVGElement) return void parts.push(copied(element, x, y, box));
  if (element instanceof HTMLCanvasElement) {
    parts.push(
      `<image x="${x}" y="${y}" width="${box.width}" height="${box.height}" preserveAspectRatio="none" style="image-rendering:pixelated" href="${element.toDataURL()}"/>`,
    );
    return;
  }
  if (seen(style.backgroundColor))
    parts.push(
      `<rect x="${x}" y="${y}" width="${box.width}" height="${box.height}" rx="${Number.parseFloat(style.borderTopLeftRadius) || 0}" fill="${style.backgroundColor}"/>`,
    );
  const rim = Number.parseFloat(style.borderTopWidth);
  if (rim && style.borderTopStyle !== "none" && Number.parseFloat(style.borderLeftWidth))
    parts.push(
      `<rect x="${x}" y="${y}" width="${box.width}" height="${box.height}" rx="${Number.parseFloat(style.borderTopLeftRadius) || 0}" fill="none" stroke="${style.borderTopColor}" stroke-width="${rim}"/>`,
    );
  if (element.localName === "mfrac") {
    const below = element.lastElementChild!.getBoundingClientRect().top - top - 2;
    parts.push(`<path d="M${x} ${below}h${box.width}" stroke="${style.color}"/>`);
  }
  if (
    element instanceof HTMLInputElement ||
    element instanceof HTMLTextAreaElement ||
    element instanceof HTMLSelectElement
  )
    return;
  for (const child of element.childNodes)
    if (child instanceof Text) written(child, style, parts, left, top);
    else if (child instanceof Element) walk(child, parts, left, top);
}

/** A text line by line, as the browser broke it. */
function written(text: Text, style: CSSStyleDeclaration, parts: string[], left: number, top: number): void {
  const range = document.createRange();
  let line = "";
  let at: DOMRect | undefined;
  const end = () => {
    if (line.trim() && at) {
      const upright = style.writingMode.startsWith("vertical")
        ? ` transform="rotate(-90 ${at.left - left} ${at.bottom - top})"`
        : "";
      const [x, y] = [at.left - left, at.bottom - top - (upright ? 0 : at.height * 0.24)];
      parts.push(
        `<text x="${x}" y="${upright ? y + at.width * 0.75 : y}"${upright} xml:space="preserve" font-size="${style.fontSize}" font-family="${escaped(style.fontFamily)}" font-weight="${style.fontWeight}" font-style="${style.fontStyle}" fill="${style.color}">${escaped(line)}</text>`,
      );
    }
    line = "";
    at = undefined;
  };
  const vertical = style.writingMode.startsWith("vertical");
  for (let n = 0; n < text.data.length; n++) {
    range.setStart(text, n);
    range.setEnd(text, n + 1);
    const box = range.getClientRects()[0];
    if (!box) continue;
    if (at && (vertical ? Math.abs(box.left - at.left) > 4 : Math.abs(box.top - at.top) > 4)) end();
    at = at ? union(at, box) : box;
    line += text.data[n];
  }
  end();
}

const union = (a: DOMRect, b: DOMRect): DOMRect => {
  const [x, y] = [Math.min(a.left, b.left), Math.min(a.top, b.top)];
  return new DOMRect(x, y, Math.max(a.right, b.right) - x, Math.max(a.bottom, b.bottom) - y);
};

/** A drawing with the style that it has from the page. */
function copied(svg: SVGSVGElement, x: number, y: number, box: DOMRect): string {
  const copy = svg.cloneNode(true) as SVGSVGElement;
  const [from, to] = [svg.querySelectorAll("*"), copy.querySelectorAll("*")];
  from.forEach((one, n) => {
    const style = getComputedStyle(one);
    for (const name of ["fill", "stroke", "stroke-width", "stroke-dasharray", "stroke-opacity", "opacity"])
      to[n]!.setAttribute(name, style.getPropertyValue(name));
  });
  for (const [name, value] of [
    ["x", x],
    ["y", y],
    ["width", box.width],
    ["height", box.height],
    ["overflow", "visible"],
    ["color", getComputedStyle(svg).color],
  ] as const)
    copy.setAttribute(name, String(value));
  copy.removeAttribute("style");
  return new XMLSerializer().serializeToString(copy);
}
