/** A view to take away: as SVG or PNG, for a slide or a page of paper, with a line of what it shows. */
import { drawn, type Layout } from "../../draw/figure";
import { headsOf, layerOf, usePage } from "../../state/page";

export function TakeAway() {
  const page = usePage();
  const { t, look, state } = page;
  const caption = () =>
    [
      look.model.name || "model",
      `“${look.source.text}” → “${look.target.text}”`,
      t(`at.${state.side}`, { n: layerOf(page) + 1 }),
      `${t("heads")} ${(state.view === "matrices" ? [state.head] : headsOf(page)).join(", ")}`,
    ].join(" · ");
  const take = (layout: Layout, png: boolean) => async () => {
    const view = document.querySelector<HTMLElement>("main .view");
    if (!view) return;
    const { svg, width, height } = drawn(view, caption(), layout);
    const name = `glassformer-${state.view}.${png ? "png" : "svg"}`;
    if (!png) return save(new Blob([svg], { type: "image/svg+xml" }), name);
    const picture = new Image();
    picture.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
    await picture.decode();
    const canvas = document.createElement("canvas");
    const scale = layout === "slide" ? 1 : 2;
    [canvas.width, canvas.height] = [width * scale, height * scale];
    canvas.getContext("2d")!.drawImage(picture, 0, 0, canvas.width, canvas.height);
    canvas.toBlob((blob) => blob && save(blob, name), "image/png");
  };
  return (
    <p class="takeaway" data-spot="takeaway">
      {t("takeaway")}{" "}
      {(["slide", "paper"] as const).map((layout) => (
        <>
          <span aria-hidden="true">{t(`takeaway.${layout}`)}</span>
          <button
            type="button"
            class="quiet"
            aria-label={`${t(`takeaway.${layout}`)} SVG`}
            onClick={take(layout, false)}
          >
            SVG
          </button>
          <button
            type="button"
            class="quiet"
            aria-label={`${t(`takeaway.${layout}`)} PNG`}
            onClick={take(layout, true)}
          >
            PNG
          </button>
        </>
      ))}
    </p>
  );
}

function save(blob: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
