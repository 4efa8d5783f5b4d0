/** What PyTorch computed for one question (tests/page/models_for_node.py writes it). */
import type { HeadIndex, Edge, Ranking, Turn } from "../src/numbers/wire";

export interface Case {
  ask: { text: string; target?: string; heads_off?: HeadIndex[]; blocked?: Edge[]; turned?: Turn[] };
  source: number[];
  target: number[];
  beam: number[];
  greedy: number[];
  scores: number[];
  /** null where the heads were not ranked: of a large model that takes long. */
  ranking: Ranking | null;
}
