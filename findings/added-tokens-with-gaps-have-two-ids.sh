#!/usr/bin/env bash
# A `tokenizer.json` whose added tokens leave ids out has two meanings: tokenizers counts on, fastokens reads the file.
#
# Versions: tokenizers 0.23.3, fastokens 0.3.5. Both load the file without a word. tokenizers, and transformers with it,
# numbers added tokens that are not in the model's vocabulary one after another, whatever `id` says; fastokens takes
# `id`. Whoever swaps one for the other trains rows of the embedding that the model does not have.
# Cure: compare the ids of all added tokens when a tokenizer is loaded, or write the file without gaps.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check tokenizers==0.23.3 fastokens==0.3.5

cat > ids.py <<'PYTHON'
import json

import fastokens
import tokenizers

reference = tokenizers.Tokenizer(tokenizers.models.BPE({"a": 0, "b": 1}, []))
reference.add_tokens(["%%"])
content = json.loads(reference.to_str())
content["added_tokens"][0]["id"] = 7
text = json.dumps(content)
print("tokenizers", tokenizers.Tokenizer.from_str(text).encode("a%%").ids)
print("fastokens", list(fastokens.Tokenizer.from_json_str(text).encode("a%%").ids))
PYTHON

found=$(venv/bin/python ids.py)
echo "$found"
grep -q "tokenizers \[0, 2\]" <<< "$found" && grep -q "fastokens \[0, 7\]" <<< "$found"
