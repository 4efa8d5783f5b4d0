"""Six tasks of a user of the library, each in at most five lines. A test executes them as docs/python.md shows them."""

TASKS = {
    "One head's weights as numpy": """\
from glassformer import Translator

translator = Translator.load("en-de")
trace = translator.trace("The animal didn't cross the street because it was too tired.")
weights = trace.attention("encoder", -1)[3].numpy()  # [query, key]: layer 5, head 3; rows are trace.source_tokens
""",
    "Patch an activation and translate": """\
from glassformer import patch

with patch(translator.model, "encoder.layers.5.feed_forward.output", lambda x: 0.5 * x):
    changed = translator.translate("The cat sleeps.")
""",
    "Train on your own data": """\
from glassformer import train

run = train("train.en", "train.de", out="runs/mine", max_steps=2, preset="tiny")  # without limits of yours: 45 minutes
own = run.translator()
""",
    "Decode by a method of your own": """\
import torch

source, target = torch.tensor([[*translator.tokenizer.encode("The cat sleeps."), 2]]), [1]  # 1 is <s>, 2 is </s>
while target[-1] != 2 and len(target) < 50:  # here: the likeliest token that is not the last one again
    logits = translator.model(source, torch.tensor([target]))[0, -1].index_fill(0, torch.tensor(target[-1]), -torch.inf)
    target.append(int(logits.argmax()))
text = translator.tokenizer.decode(target[1:-1])
""",
    "Compare two models' scores": """\
from glassformer import bleu

sources, references = ["The cat sleeps.", "I see the old house."], ["Die Katze schläft.", "Ich sehe das alte Haus."]
first, second = (bleu(model.translate(sources), references).value for model in (translator, own))
""",
    "Look inside, in a notebook": """\
from glassformer import show

shown = show(translator, "The animal didn't cross the street because it was too tired.")  # the page, in the cell
""",
}
"""The title of each and its code. They are executed one after the other, in one namespace."""
