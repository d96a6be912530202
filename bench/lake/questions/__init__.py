"""All questions, in the order of the table."""

from bench.lake.questions.behaviour import BEHAVIOUR
from bench.lake.questions.funnels import FUNNELS
from bench.lake.questions.overview import OVERVIEW
from bench.lake.questions.persons import PERSONS
from bench.lake.questions.trends import TRENDS
from bench.lake.shapes import Question

QUESTIONS: tuple[Question, ...] = (*TRENDS, *FUNNELS, *BEHAVIOUR, *PERSONS, *OVERVIEW)
