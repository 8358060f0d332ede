"""Without arguments: the words of the lexicon as a JSON array. With a file holding a JSON array of texts: the compound
score of each in ten-thousandths."""
import json
import sys

from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

analyzer = SentimentIntensityAnalyzer()
if len(sys.argv) == 1:
    print(json.dumps(sorted(analyzer.lexicon)))
else:
    with open(sys.argv[1], encoding="utf-8") as file:
        texts = json.load(file)
    print(json.dumps([round(analyzer.polarity_scores(text)["compound"] * 10_000) for text in texts]))
