/** The lists of the attention, to turn a head in. */
import { attentionOf, strongest, wordAt } from "../../numbers/attention";
import { headsOf, layerOf, tokenOf, usePage } from "../../state/page";
import { HeadChips, LayerSlider, SideSwitch } from "../parts/controls";
import { Lists } from "../parts/lists";
import { Turns } from "../parts/turns";

export function Turning() {
  const page = usePage();
  const { state, set, t, look, numbers, live } = page;
  const attention = attentionOf(numbers, state.side, layerOf(page), state.pieces);
  const heads = headsOf(page);
  if (!live) return <Turns />;
  const query = attention ? Math.max(0, wordAt(attention.queries, tokenOf(state, look))) : 0;
  const chosen = attention && state.key >= 0 ? wordAt(attention.keys, state.key) : -1;
  return (
    <section class="turning" data-spot="turning">
      <h3>{t("turn.title")}</h3>
      <p class="note">{t("turn.note")}</p>
      <div class="controls small">
        <SideSwitch />
        <LayerSlider />
        <HeadChips />
      </div>
      {attention && (
        <Lists
          attention={attention}
          heads={heads}
          query={query}
          target={chosen >= 0 ? chosen : (strongest(attention.row(heads[0] ?? 0, query).weights, 1)[0] ?? 0)}
          every={false}
          pick={(n) => set({ token: attention.queries[n]!.tokens[0]!, key: -1 })}
          pickKey={(n) => set({ key: attention.keys[n]!.tokens[0]! })}
        />
      )}
      <Turns />
    </section>
  );
}
