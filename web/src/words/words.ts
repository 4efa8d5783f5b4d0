/** Every word of the page, a row a message, a column a language: another language is one more column.
 * The build writes this table into the page as data beside the script. In the tour `[words](@spot)` points at a live part
 * of the page, `[words](view=matrices&symbol=q)` goes there, and W^Q is set as it should be. */

export type Row = readonly [en: string, zh: string];

export const WORDS = {
  "view.attention": ["Attention", "注意力"],
  "view.flow": ["Flow", "全景"],
  "view.matrices": ["Matrices", "矩阵"],
  "view.positions": ["Positions", "位置"],
  "view.decoding": ["Decoding", "解码"],
  "view.whatif": ["What if", "如果"],
  "view.compare": ["Compare", "对比"],
  views: ["Views", "视图"],
  skip: ["To the numbers", "跳到内容"],
  sentence: ["A sentence", "输入一个句子"],
  translation: ["Translation", "译文"],
  "sentence.saved": [
    "A saved page: everything can be looked at; a new sentence needs glassformer look.",
    "这是保存下来的页面，什么都能看；要换一个句子，请运行 glassformer look。",
  ],
  foreign: [
    "This model reads {language}. Your sentence is in another language or script: what comes out is no translation.",
    "这个模型读的是{language}。你输入的句子用的是另一种语言或文字，出来的不是译文。",
  ],
  "foreign.unknown": [
    "This model was not trained on this language or script: what comes out is no translation.",
    "这个模型没有学过这种语言或文字，出来的不是译文。",
  ],
  language: ["Language", "语言"],
  loading: ["Numbers are on their way …", "正在取数字……"],
  waiting: ["The model is reading …", "模型正在读句子……"],
  failed: ["That did not work: {why}", "没有成功：{why}"],
  nomodel: [
    "No model answers here. Open a saved page, or run glassformer look.",
    "这里没有模型应答。请打开保存的页面，或者运行 glassformer look。",
  ],
  "model.own": [
    "The model is in this page: it computes here, and asks nobody.",
    "模型就在这个页面里：它在这里计算，不向任何地方发送请求。",
  ],
  "model.rounded": [
    "Its weights are rounded to 8 bits, which takes {n} % from them: numbers differ a little from the exact model’s.",
    "它的权重舍入到了 8 位，损失约 {n}%：数字与精确的模型略有出入。",
  ],
  "model.coming": ["The model is coming: {n} %", "正在载入模型：{n}%"],
  "model.large": [
    "This model takes about {wanted} MB of memory, and this device has {there} MB in all: it may be too large.",
    "这个模型大约需要 {wanted} MB 内存，而本设备总共只有 {there} MB：可能装不下。",
  ],
  "model.anyway": ["Load it all the same", "仍然载入"],
  "model.choose": ["model", "模型"],
  "model.facts": [
    "{name} · {layers} layers · {heads} heads · d_model {d_model} · {parameters} parameters",
    "{name} · {layers} 层 · {heads} 个头 · d_model {d_model} · {parameters} 个参数",
  ],
  "model.off": ["{n} head(s) switched off", "已关掉 {n} 个头"],
  "model.turned": ["{n} head(s) turned", "已转动 {n} 个头"],
  "model.blocked": ["{n} look(s) forbidden", "已禁止 {n} 处“看”"],
  "keys.help": [
    "Keys: 1–8 switch heads 0–7 · [ ] layers · , . steps · arrows walk through lists and matrices",
    "按键：1–8 切换 0–7 号头 · [ ] 换层 · , . 换步 · 方向键在列表和矩阵里走动",
  ],
  link: [
    "The address of this page is what you see: send it as a link.",
    "网址就是你看到的画面，可以直接当链接发给别人。",
  ],

  side: ["Which attention", "哪一种注意力"],
  "side.encoder": ["Encoder", "编码器"],
  "side.decoder": ["Decoder", "解码器"],
  "side.cross": ["Decoder → encoder", "解码器 → 编码器"],
  "side.encoder.long": ["The source looks at itself", "源句看自己"],
  "side.decoder.long": ["The translation looks at itself, never at what comes later", "译文看自己，但看不到后面的词"],
  "side.cross.long": ["The translation looks at the source", "译文看源句"],
  "side.rows": [
    "A row has read up to its word and chooses the one after it; under Decoding it is called by the word that it chooses.",
    "每一行读到自己这个词为止，选出的是它后面的词；在“解码”视图里，同一行用选出的词来标。",
  ],
  layer: ["Layer", "层"],
  head: ["Head", "头"],
  heads: ["Heads", "头"],
  "head.n": ["head {n}", "{n} 号头"],
  "head.off": ["head {n}, switched off", "{n} 号头（已关掉）"],
  "heads.all": ["all", "全部"],
  "heads.telling": ["those that say most", "最说明问题的头"],
  "heads.telling.note": [
    "Opened on the heads, of all layers, that say most: the weight on one content word, minus what the other words give to it, or at that distance, on average.",
    "打开时选的是各层中最说明问题的头：给某一个实词的权重，减去其余各词平均给这个词（或这个距离）的权重，差最大。",
  ],
  "head.taught": ["this head was taught to look there", "这个头是教会了往那里看的"],
  "heads.none": ["No head is shown: choose one.", "没有选中任何头，请选一个。"],
  step: ["Step", "第几步"],
  "step.back": ["One step back", "上一步"],
  "step.next": ["Next step", "下一步"],

  looks: ["looks (query)", "看的词（query）"],
  lookedat: ["is looked at (key)", "被看的词（key）"],
  "looks.long": ["The word that looks: queries", "看别人的词：query"],
  "lookedat.long": ["The words that are looked at: keys", "被看的词：key"],
  "looks.at": ["looks ↓ · is looked at →", "看 ↓ · 被看 →"],
  "reading.attends": ["attends to", "在看"],
  "reading.says": ["“{word}” attends to {list}", "“{word}”在看：{list}"],
  words: ["whole words", "合成整词"],
  "words.note": [
    "Pieces are merged into words: summed over the keys, averaged over the queries.",
    "子词已合成整词：对 key 求和，对 query 取平均。",
  ],
  sinks: ["dim </s> and full stops", "淡化 </s> 和句号"],
  "sinks.note": [
    "Heads with nothing to say park their attention on </s> and full stops.",
    "没什么可看的头，会把注意力停在 </s> 和句号上。",
  ],
  "sinks.mass": [
    "Not drawn: {share} of this word’s attention goes to </s> and full stops. The other numbers stay as they are.",
    "没有画出来的：这个词有 {share} 的注意力落在 </s> 和句号上。其余数字保持原样，没有重新归一。",
  ],
  everyone: ["all words at once", "所有词一起画"],
  rest: [
    "The rest, {share}, is spread over {n} words that did not travel one by one.",
    "其余 {share} 分散在另外 {n} 个词上，这些没有逐个保存。",
  ],
  rounded: [
    "These weights travelled as bytes and are right to ± {error}.",
    "这些权重按字节保存，误差不超过 ± {error}。",
  ],
  "arcs.left": ["{n} thinner arcs are not drawn.", "还有 {n} 条更细的弧线没有画。"],
  weight: [
    "A weight says how much of a value is taken along. It is not an explanation.",
    "权重只说明取走了多少 value，它本身不是解释。",
  ],
  "pair.title": ["Who sees {key} from {query}?", "谁从{query}看到了{key}？"],
  "pair.note": [
    "Every layer and head, in percent. Click a cell to go there; choose words in the lists.",
    "每一层、每一个头，单位是百分比。点一格就跳到那里；在左右列表里换词。",
  ],
  "pair.cell": ["layer {layer}, head {head}: {share}", "第 {layer} 层 {head} 号头：{share}"],
  "matrix.title": ["All words, these heads", "所有的词，选中的头"],
  "matrix.large": [
    "All words, head {n} (blocks of words where there are many)",
    "所有的词，{n} 号头（词多时按块取平均）",
  ],
  "matrix.label": ["Attention weights: rows look, columns are looked at", "注意力权重：行在看，列被看"],
  "overview.title": ["All heads at once", "所有的头，一眼看全"],
  "overview.note": [
    "A row a layer, a column a head; in each picture rows look and columns are looked at.",
    "一行是一层，一列是一个头；每张小图里，行在看，列被看。",
  ],
  "overview.cell": ["Show layer {layer}, head {head}", "查看第 {layer} 层 {head} 号头"],
  table: ["The same as a table", "同样的内容，表格形式"],
  "table.weights": ["These weights as a table", "这些权重的表格"],
  "table.first": ["The first {n} columns ({axis}) as a table", "前 {n} 列（{axis}）的表格"],
  "table.more": ["… and {n} more rows", "……还有 {n} 行"],

  "axis.words": ["words", "词"],
  "axis.query": ["looks (query)", "看（query）"],
  "axis.key": ["looked at (key)", "被看（key）"],
  "axis.position": ["position", "位置"],
  "axis.dimension": ["dimension", "维度"],
  "axis.produced": ["produced word", "产生的词"],

  "matrices.which": ["Which matrix", "哪个矩阵"],
  "symbol.q": ["queries", "query"],
  "symbol.k": ["keys", "key"],
  "symbol.v": ["values", "value"],
  "symbol.scores": ["scores", "分数"],
  "symbol.weights": ["weights", "权重"],
  "symbol.z": ["result", "结果"],
  "symbol.heads": ["all heads", "所有的头"],
  "symbol.concat": ["together", "合起来"],
  memory: ["memory", "memory"],
  allowed: ["who is allowed", "允许看谁"],
  "explain.q": ["A query is what a word asks the others.", "query 是一个词向别的词提出的问题。"],
  "explain.k": [
    "A key is what a word answers to: queries are held against it.",
    "key 是一个词的名牌，query 就拿来和它比对。",
  ],
  "explain.v": ["A value is what a word gives to those that look at it.", "value 是一个词交给看它的人的内容。"],
  "explain.x": [
    "This is the first layer, so it starts from X: embeddings plus positions.",
    "这是第一层，从 X 开始：词嵌入加位置编码。",
  ],
  "explain.r": ["It starts from R, the output of layer {layer}.", "它从 R 开始，也就是第 {layer} 层的输出。"],
  "explain.cross": [
    "It starts from R, what came out of the self-attention below.",
    "它从 R 开始，也就是下面自注意力的输出。",
  ],
  "explain.norm": [
    "This model norms first: what is multiplied is LayerNorm of it.",
    "这个模型先做归一化，相乘的是它的 LayerNorm。",
  ],
  "explain.memory": ["It comes from the encoder’s output, the memory.", "它来自编码器的输出，也就是 memory。"],
  "explain.scores": [
    "Each query meets each key; the dot product is divided by √d_k = √{d_k} = {root}, so that the softmax is not pushed into its flat ends.",
    "每个 query 和每个 key 相遇，点积除以 √d_k = √{d_k} = {root}，免得 softmax 被推到平坦的两端。",
  ],
  "weights.title": ["Scores → who is allowed → softmax", "分数 → 允许看谁 → softmax"],
  "explain.weights": [
    "Where a word may not look the score is −∞ and the weight exactly 0. The softmax turns each row into shares that sum to 1.",
    "不允许看的地方，分数是 −∞，权重恰好是 0。softmax 把每一行变成和为 1 的份额。",
  ],
  "explain.z": [
    "Each word takes the values of the words that it looks at, in the shares of its row.",
    "每个词按自己那一行的份额，取走它所看的词的 value，加在一起。",
  ],
  "explain.heads": [
    "{n} heads do the same at once. Each reads all {d_model} numbers of a word, and its own matrices make a query, a key and a value of {d_k} numbers of them.",
    "{n} 个头同时做同样的事。每个头都读入一个词的全部 {d_model} 个数，再用自己的矩阵算出各有 {d_k} 个数的 query、key 和 value。",
  ],
  "explain.concat": [
    "{n} slices of {d_k} columns side by side are {d_model} wide again; W^O mixes them into one output.",
    "{n} 片各 {d_k} 列并排放好，又是 {d_model} 宽；W^O 把它们混合成一个输出。",
  ],
  "not.allowed": [
    "This word may not look there: its score is −∞ and its weight 0.",
    "这个词不允许看那里：分数是 −∞，权重是 0。",
  ],
  "product.click": [
    "Click a cell of the result (or walk with the arrow keys): it shows how it was made.",
    "点结果里的一格（或用方向键移动），就能看到它是怎么算出来的。",
  ],
  "written.row": ["row of", "取一行："],
  "written.column": ["column of", "取一列："],
  "written.others": ["{n} smaller terms", "其余 {n} 项"],
  "written.bias": ["bias", "偏置"],
  "written.agrees": ["the cell says {value} (difference {difference})", "格子里是 {value}（相差 {difference}）"],
  "written.differs": ["but the cell says {value} (difference {difference})", "但格子里是 {value}（相差 {difference}）"],
  "missing.cut": [
    "Of a sentence this long only the largest weights of each row travel, so these are not here as a whole: {names}.",
    "句子太长，每一行只带上了最大的权重，所以这里没有完整的：{names}。",
  ],
  missing: [
    "These numbers did not travel with this page: {names}. Of shorter sentences glassformer look has them live; of any, translator.trace(…) in Python.",
    "这个页面没有带上这些数字：{names}。句子较短时，运行 glassformer look 可以看到；任何句子的都可以在 Python 里用 translator.trace(…) 得到。",
  ],

  stack: ["The whole model", "整个模型"],
  "stack.encoder": ["encoder", "编码器"],
  "stack.decoder": ["decoder", "解码器"],
  "flow.lead.x": [
    "Layer 0 starts from X, the words’ embeddings plus their positions. Every picture is this sentence’s numbers, and a door: click it.",
    "第 0 层从 X 开始：词嵌入加位置编码。每张小图都是这个句子的真实数字，也是一扇门，点开看看。",
  ],
  "flow.lead.r": [
    "Layer {layer} starts from R, what came out below it. Every picture is this sentence’s numbers, and a door: click it.",
    "第 {layer} 层从 R 开始，也就是它下面一步的输出。每张小图都是这个句子的真实数字，也是一扇门，点开看看。",
  ],
  "flow.1": ["The sentence", "句子"],
  "flow.2.x": ["Each word is embedded", "每个词变成向量"],
  "flow.2.r": ["What came in", "输入"],
  "flow.3": ["{n} heads: multiply, compare, mix", "{n} 个头：相乘、比较、混合"],
  "flow.5": ["Put together, times W^O", "拼起来，乘以 W^O"],
  "flow.rest": ["… and to the end of the layer", "……一直到这一层的出口"],
  "flow.residual": ["came in", "输入"],
  "flow.attended": ["attention", "注意力"],
  "activation.relu": ["ReLU", "ReLU"],
  "activation.swish": ["swish", "swish"],
  "activation.gelu": ["GELU", "GELU"],
  "flow.feedforward": ["feed-forward", "前馈网络"],

  "positions.sum": ["This sentence: embeddings + positions = X", "这个句子：词嵌入 + 位置编码 = X"],
  "positions.sum.note": [
    "Attention does not know order. Waves of different length, added to the embeddings, tell the model where each word stands.",
    "注意力本身不知道顺序。把波长不同的波加到词嵌入上，模型就知道每个词站在哪里。",
  ],
  "positions.embeddings": ["embeddings", "词嵌入"],
  "positions.title": ["The encoding itself, as long as you like", "位置编码本身，想多长就多长"],
  "positions.layout": ["Layout", "排法"],
  "positions.length": ["Length", "长度"],
  "positions.dims": ["Dimensions", "维数"],
  "layout.halves": ["halves", "左右两半"],
  "layout.interleaved": ["interleaved", "交错"],
  "layout.halves_exact": ["halves, exact", "两半（论文指数）"],
  "layout.learned.note": [
    "This model learned its positions: a table of numbers, and no waves. These are the paper’s.",
    "这个模型的位置编码是学出来的：一张数表，不是波。下面是论文里的波。",
  ],
  "positions.norm": [
    "This model normalises the sum: X = LayerNorm(embeddings + P).",
    "这个模型对和做了归一化：X = LayerNorm(词嵌入 + P)。",
  ],
  "layout.model": ["this model", "本模型"],
  "layout.halves.note": [
    "Sines left, cosines right: the article’s figure, Tensor2Tensor’s code.",
    "左边是正弦，右边是余弦：图解文章里的图，Tensor2Tensor 的代码。",
  ],
  "layout.interleaved.note": ["Sine, cosine, sine, cosine: the paper’s formula.", "正弦、余弦交替：论文里的公式。"],
  "layout.halves_exact.note": [
    "Sines left, cosines right, with the paper’s exponent: Marian, Sockeye.",
    "左正弦右余弦，但用论文的指数：Marian、Sockeye 的做法。",
  ],
  "positions.within": [
    "The longest sentence in training had {n} tokens: slide past it.",
    "训练时最长的句子有 {n} 个词元，把长度拉过它试试。",
  ],
  "positions.beyond": [
    "The encoding goes on; training ended at {n} tokens. Whether the model reads well out there is another question.",
    "编码还在继续，训练却止于 {n} 个词元。模型在那之外读得好不好，是另一个问题。",
  ],
  "positions.ends": ["training ended at {n} ({share} % of what is shown)", "训练止于 {n}（图中前 {share} %）"],
  "positions.wave": [
    "Dimension {dim} is a {name} with a wavelength of {length} positions.",
    "第 {dim} 维是一条 {name} 波，波长 {length} 个位置。",
  ],
  "positions.alike": [
    "P · Pᵀ is bright where two positions are near: distance can be read from the encoding alone.",
    "两个位置相近的地方，P · Pᵀ 就亮：光凭编码就能读出距离。",
  ],

  "decoding.lead": [
    "The translation is made a word at a time. Each row looks at the source, and the last layer’s numbers become a probability for every word that the model knows.",
    "译文是一个词一个词产生的。每一行都去看源句，最后一层的数字再变成词表里每个词的概率。",
  ],
  "decoding.sofar": ["The translation so far", "到目前为止的译文"],
  "decoding.says": ["The word is {word}, {share}", "这一步的词是 {word}，{share}"],
  "decoding.live": ["Decode again, live", "现场再解码一次"],
  "decoding.greedy": ["greedy, as it is made:", "贪心解码，边算边显示："],
  "decoding.choices": ["What may come next", "下一个词可能是"],
  "decoding.choices.note": [
    "The likeliest of {n} tokens. The marked one was taken; beam search may take another than the first.",
    "{n} 个词元里最可能的几个。标出的是实际选中的；束搜索不一定选第一个。",
  ],
  "decoding.chosen": ["word", "词"],
  "decoding.looks": ["What this row looks at", "这一行在看什么"],
  "decoding.alignment": ["So far: the alignment", "到目前为止的对齐"],
  "decoding.allheads": ["The mean of all heads; choose some above.", "所有头的平均；可以在上面挑几个。"],

  "whatif.lead": [
    "Switch a head off: its z is set to 0 before W^O. Or turn it to another word, or forbid a word to look at another. The model translates again: what changes?",
    "关掉一个头：在乘 W^O 之前把它的 z 设为 0；或者把它转向另一个词，或者禁止一个词看另一个词。模型重新翻译一遍：什么变了？",
  ],
  "whatif.live": [
    "Switching heads needs the model. This page is a saved one; with the model it is",
    "关掉头需要模型在场。这是保存的页面；有模型时请运行",
  ],
  "whatif.heads": ["Every head, a switch", "每个头都是一个开关"],
  "whatif.outcome": ["What the model says", "模型怎么说"],
  "whatif.before": ["as it is", "原样"],
  "whatif.after": ["now", "现在"],
  "whatif.allon": ["All on again ({n} off)", "全部打开（已关 {n} 个）"],
  "whatif.switch": ["{side}, layer {layer}, head {head}", "{side}第 {layer} 层 {head} 号头"],
  "turn.title": ["Turn a head", "转动一个头"],
  "turn.note": [
    "Drag the ring at the end of an arc to another word, or use the arrow keys on it: in this head the word then gives it all its weight, 1, and the model translates again.",
    "把弧线末端的圆圈拖到另一个词，或在圆圈上按上下方向键：在这个头里，这个词就把全部权重（1）都给它，模型重新翻译。",
  ],
  "turn.grip": [
    "Head {head}: what “{query}” looks at. Drag it or use the arrow keys; Delete lets go.",
    "{head} 号头：“{query}”在看的词。可拖动或按上下方向键；按 Delete 放开。",
  ],
  "turn.name": ["head {head} of layer {layer}: {query} → {key}", "第 {layer} 层 {head} 号头：{query} → {key}"],
  "turn.remove": ["Let go: {name}", "放开：{name}"],
  "block.title": ["Who may not look at whom?", "谁不许看谁？"],
  "block.note": [
    "Forbid one word to look at another: the score becomes −∞ before the softmax, and the row’s other weights share what it had.",
    "禁止一个词看另一个词：在 softmax 之前把分数设为 −∞，这一行其余的权重分掉它原来的那一份。",
  ],
  "block.every": ["every", "每一层"],
  "block.notat": ["may not look at (key)", "不许看（key）"],
  "block.block": ["Forbid", "禁止"],
  "block.remove": ["Allow again: {name}", "重新允许：{name}"],

  "rank.title": ["Which heads matter here?", "在这个句子里，哪些头重要？"],
  "rank.note": [
    "Each head is switched off alone, and the translation is read again: how much less likely is it?",
    "逐个关掉每个头，把译文重读一遍：它的可能性降低了多少？",
  ],
  "rank.ask": ["Rank all heads", "给所有的头排名"],
  "rank.asking": ["Reading, once for each head …", "正在逐个头重读……"],
  "rank.change": ["change of log P", "log P 的变化"],

  "compare.lead": ["Change one word and see who looks elsewhere.", "换一个词，看看谁的目光移开了。"],
  "compare.other": ["The other sentence", "另一个句子"],
  "compare.blocked": [
    "What is forbidden or turned is so in the first sentence only: the other has other words.",
    "禁止的“看”和转动的头只对第一个句子有效：另一个句子的词不一样。",
  ],
  "compare.checkpoints": [
    "The training went on: the first sentence was read by {here}, the other by {there}. Reload the page for the newest.",
    "训练还在继续：第一句由 {here} 读，另一句由 {there} 读。刷新页面就都是最新的。",
  ],
  "compare.live": [
    "A second sentence needs the model. Open this page with glassformer look, or save two pages.",
    "比较第二个句子需要模型在场。请用 glassformer look 打开，或者保存两个页面。",
  ],

  // Not read out: words that say little by themselves, and those behind which nouns stand, in the models' languages.
  "words.determiners": [
    "the a an this that these those my your his her its our their some no every der die das den dem des ein eine einen einem einer dieser diese dieses mein meine",
    "这 那 这个 那个 这些 那些 一个",
  ],
  "words.small": [
    "and or but because since as so that if when while until before after than then not of to in on at by for from with about into over under up out is are was were be been being am do does did have has had will would can could may might must should too very also only just there here who which what why how i you we me him us he she und oder aber weil denn da wenn dass als ob nicht kein keine von zu in im an am auf mit für aus bei nach vor über unter ist sind war waren sein hat haben hatte wird werden kann sehr auch nur ich du wir ihr",
    "的 了 是 在 因为 所以 和 不 没 很 太 我 你",
  ],

  tour: ["Guided tour", "导览"],
  "tour.chapter": ["Chapter {n} of {all}", "第 {n} 章，共 {all} 章"],
  "tour.back": ["Back", "上一章"],
  "tour.next": ["Next", "下一章"],
  "tour.close": ["Leave the tour", "离开导览"],
  "tour.try": ["Try it", "动手试试"],

  // The tour, in the article's order.
  "tour.words.title": ["From words to numbers", "从词到数字"],
  "tour.words.text": [
    "This tour follows *The Illustrated Transformer* (here: the article).\n\nA Transformer reads a sentence all at once. The tokenizer cuts it into pieces; each piece picks a row of numbers, its *embedding*. With the position added these rows are X: [one row a word](@flow).\n\nThe [encoder](@stack) turns X into a memory, layer by layer. The decoder reads the memory and writes the translation, one word at a time.",
    "本导览跟随《图解 Transformer》（The Illustrated Transformer，下文称“图解文章”）。\n\nTransformer 一次读完整个句子。分词器把它切成小块，每一块取出一行数字，叫做*词嵌入*；再加上位置，这些行就是 X：[一个词一行](@flow)。\n\n[编码器](@stack)一层一层把 X 变成 memory；解码器读着 memory，一个词一个词写出译文。",
  ],
  "tour.words.try": [
    "Type another sentence above, or step through the [layers](@stack): from layer 1 on the input is no longer X but R, what came out below.",
    "在上面换一个句子，或者在[各层](@stack)之间走一走：从第 1 层起，输入不再是 X，而是下面一层的输出 R。",
  ],

  "tour.qkv.title": ["Queries, keys, values", "Query、key 与 value"],
  "tour.qkv.text": [
    "Each word needs three things: a *query*, with which it looks; a *key*, by which it is looked at; a *value*, which it gives away. [X × W^Q = Q](@product): a row of X is a word, and its row of Q is much narrower.\n\nA lit cell of Q is a row of X times a column of W^Q. [The dot product is written out](@written), its largest terms first, and checked against the cell.",
    "每个词需要三样东西：*query*，用来看别人；*key*，供别人来看；*value*，交给看它的人。[X × W^Q = Q](@product)：X 的一行是一个词，它在 Q 里的那一行窄得多。\n\nQ 里亮起的一格，是 X 的一行乘以 W^Q 的一列。[点积写在下面](@written)，最大的几项排在前面，最后和格子里的数对一对。",
  ],
  "tour.qkv.try": [
    "Click another cell of Q. Then open [K](view=matrices&symbol=k&side=encoder&layer=0) and [V](view=matrices&symbol=v&side=encoder&layer=0): the same X, other matrices.",
    "点 Q 里的另一格。再打开 [K](view=matrices&symbol=k&side=encoder&layer=0) 和 [V](view=matrices&symbol=v&side=encoder&layer=0)：X 还是那个 X，换的是矩阵。",
  ],

  "tour.formula.title": ["The one formula", "就这一个公式"],
  "tour.formula.text": [
    "All of attention is [one line](@formula). Q Kᵀ holds every query against every key. Dividing by √d_k keeps the numbers small. The [softmax](@softmax) makes each row shares that sum to 1; with them the values are mixed, and that is Z.\n\nEach symbol of the formula opens its matrix.",
    "注意力的全部就是[这一行](@formula)。Q Kᵀ 让每个 query 和每个 key 比对；除以 √d_k 让数字不至于太大；[softmax](@softmax) 把每一行变成和为 1 的份额，再按份额混合 value，就得到 Z。\n\n公式里的每个符号都能打开它的矩阵。",
  ],
  "tour.formula.try": [
    "Look at the [decoder’s](view=matrices&symbol=weights&side=decoder&layer=0) matrices: the upper triangle is not allowed, because a word must not see what comes after it.",
    "看看[解码器](view=matrices&symbol=weights&side=decoder&layer=0)的矩阵：右上角的三角不允许看，因为一个词不能偷看后面的词。",
  ],

  "tour.beast.title": ["The many-headed beast", "多头怪兽"],
  "tour.beast.text": [
    "One head can only look in one way at a time. So there are [several](@all-heads), each with its own W^Q, W^K and W^V, each with its own small Q, K, V and Z. Each has its colour, its number and its dash, everywhere on this page.",
    "一个头一次只能用一种方式去看。所以有[好几个头](@all-heads)，各有各的 W^Q、W^K、W^V，也各有自己小小的 Q、K、V 和 Z。在整个页面上，每个头都有自己的颜色、编号和线型。",
  ],
  "tour.beast.try": [
    "Compare the softmax pictures: which head looks at its neighbour, which at the end of the sentence? Click one.",
    "比一比各个头的 softmax 小图：哪个头在看邻居，哪个头在看句尾？点开一个。",
  ],

  "tour.concat.title": ["Concatenate, times W^O", "拼接，再乘以 W^O"],
  "tour.concat.text": [
    "The next layer expects one matrix, not several. So the Z’s are put [side by side](@product) and multiplied by W^O, which has seen all heads at once. What comes out is as wide as what came in, so it can be added to it: the residual connection.",
    "下一层要的是一个矩阵，不是好几个。于是把各个 Z [并排拼好](@product)，再乘以 W^O，让所有头的结果混在一起。出来的和进去的一样宽，所以可以加回去：这就是残差连接。",
  ],
  "tour.concat.try": [
    "Click a cell of the output and find, by the number of each term, which head’s slice it came from. Then [see the rest of the layer](view=flow&window=).",
    "点输出里的一格，看每一项的编号，找出它来自哪个头的那一片。然后[看看这一层剩下的路](view=flow&window=)。",
  ],

  "tour.looks.title": ["What do the heads look at?", "这些头在看什么？"],
  "tour.looks.text": [
    "On the left [the word that looks](@lists), on the right what it looks at. One head may see one word, another a different one: in the article “it” sees *animal* with one head and *tired* with another. {it}\n\nThe [grid](@pair) says which of all heads see the chosen pair. A weight says how much of a value is taken along, no more. Much of it often goes to [</s> and the full stop](@sinks).",
    "左边是[在看的词](@lists)，右边是被看的词。不同的头可能看到不同的词：图解文章里，“it” 用一个头看 *animal*，用另一个头看 *tired*。{it}\n\n[网格](@pair)告诉你，所有的头里谁看到了选中的这一对。权重只说明取走了多少 value，仅此而已。其中很大一部分常常落在 [</s> 和句号](@sinks)上。",
  ],
  "tour.it.found": [
    "In this model [head {head} of layer {layer}](view=attention&{link}) looks from “{query}” at a noun: it gives {share} to *{key}*. That alone does not prove that it knows which noun is meant: put another ending under [Compare](view=compare), such as *wide* for *tired*, and see whether it moves.",
    "在这个模型里，[第 {layer} 层 {head} 号头](view=attention&{link})从 “{query}” 看向名词：把 {share} 给了 *{key}*。单凭这一点还不能证明它知道指的是哪个名词：到[对比](view=compare)里换一个结尾，比如把 *tired* 换成 *wide*，看它移不移。",
  ],
  "tour.it.taught": ["It was taught to look there.", "这个头是教会了往那里看的。"],
  "tour.it.none": [
    "In this model no head does that with this sentence: “{query}” gives at most {share} to a noun, *{key}*, in [head {head} of layer {layer}](view=attention&{link}); it would have to be more than half.",
    "在这个模型里，没有一个头对这个句子这样做：“{query}” 给名词的最多是 {share}，给了 *{key}*，在[第 {layer} 层 {head} 号头](view=attention&{link})；要超过一半才算。",
  ],
  "tour.it.nowhere": ["This sentence has no pronoun with a noun to try it with.", "这个句子里没有代词和名词可以一试。"],
  "tour.looks.try": [
    "Press 1 to 8 for heads 0 to 7 and [ ] for layers. Does a lower layer look at neighbours? Then choose another [word](@lists).",
    "按 1 到 8 切换 0 到 7 号头，按 [ ] 换层。低层是不是更爱看邻居？再换一个[词](@lists)试试。",
  ],

  "tour.everything.title": ["Everything in one picture", "合在一张图里"],
  "tour.everything.text": [
    "Sentence, X or R, heads, Q K V, Z, output: [one layer from left to right](@flow). [Below](@rest) is the way to the end of the layer: what came in is added, the sum is normalised, a feed-forward network looks at each word alone, and again add & norm. Then the next layer begins. The paper normalises after each addition; a model that norms first, as the one that ships, normalises what goes into attention and feed-forward (LN) instead.",
    "句子、X 或 R、各个头、Q K V、Z、输出：[一层，从左到右](@flow)。[下面](@rest)是走到这一层出口的路：加上输入，做归一化；前馈网络单独处理每个词；再加、再归一化。然后进入下一层。论文在每次相加之后归一化；先归一化的模型（例如随软件附带的这个）改为在进入注意力和前馈网络之前归一化，图中写作 LN。",
  ],
  "tour.everything.try": [
    "Go through the [stack](@stack) and watch R change. Open the ReLU: how much of it is exactly 0?",
    "沿着[各层](@stack)往上走，看 R 怎么变。打开 ReLU：里面有多少恰好是 0？",
  ],

  "tour.positions.title": ["Where does a word stand?", "词站在第几位？"],
  "tour.positions.text": [
    "Attention alone would read a bag of words. So [a wave pattern](@sum) is added to the embeddings, a different one at each position. The [table](@encoding) can be as long as you like; the article’s figure has sines left and cosines right, the paper’s formula interleaves them. The badge says [which one this model uses](@layout).",
    "只有注意力的话，句子就成了一袋没有顺序的词。所以要往词嵌入里加上[一种波纹](@sum)，每个位置都不一样。[这张表](@encoding)想多长就多长；图解文章的图里正弦在左、余弦在右，论文的公式则交错排列。徽标标出[本模型用的是哪一种](@layout)。",
  ],
  "tour.positions.try": [
    "Slide the [length](@length) past the longest sentence in training. Click a column: how long is its wave?",
    "把[长度](@length)拉过训练时最长的句子。点一列：它的波有多长？",
  ],

  "tour.wordout.title": ["The word that comes out", "最后出来的那个词"],
  "tour.wordout.text": [
    "The decoder’s last row goes through a linear layer as wide as the vocabulary and a softmax: [a probability for every token](@choices). One is taken, written down, and the next step begins. What the row [looked at in the source](@alignment) stays below as an alignment.",
    "解码器的最后一行经过一个和词表一样宽的线性层，再经过 softmax：[每个词元都有一个概率](@choices)。选一个，写下来，进入下一步。这一行[在源句里看了什么](@alignment)，会作为对齐留在下面。",
  ],
  "tour.wordout.try": [
    "Press . and , to step. Where does the model hesitate? Then switch a head off under [What if](view=whatif), or change a word under [Compare](view=compare).",
    "按 . 和 , 一步步走。模型在哪里犹豫了？然后到[如果](view=whatif)里关掉一个头，或者到[对比](view=compare)里换一个词。",
  ],
} as const satisfies Record<string, Row>;
