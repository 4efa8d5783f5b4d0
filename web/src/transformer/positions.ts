/** §3.5 Positional encoding: "since our model contains no recurrence and no convolution". */
import { encodings } from "../numbers/positions";

/** A table of positional encodings that grows when a longer sentence comes: there is no longest one. */
export class PositionalEncoding {
  private table: Float32Array = new Float32Array(0);

  constructor(
    private readonly layout: string,
    private readonly d_model: number,
    private readonly first: number,
  ) {}

  /** The encodings of `length` positions from the `start`-th on. */
  forward(start: number, length: number): Float32Array {
    const [from, to] = [start * this.d_model, (start + length) * this.d_model];
    if (to > this.table.length)
      this.table = encodings(this.layout, Math.max(64, 2 * (start + length)), this.d_model, this.first).data;
    return this.table.slice(from, to);
  }
}
