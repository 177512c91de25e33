"""What a job of questions may cost: reserved in the ledger before, and settled after it."""

from __future__ import annotations

from collections.abc import Sequence

from subliminal.api.chat.account import Account
from subliminal.api.chat.requests import Parameters, Question, Tokens
from subliminal.api.ledger.actions import OPEN, State
from subliminal.config.hosting import Prices

# Tokens after which a provider's own counts weigh as much as our guesses.
GUESSES_WEIGH = 2000.0
# By which more is reserved than what is expected.
MARGIN = 1.1
# As many times what is needed are not kept from others.
TOO_MUCH = 2.0


class Meter:
    """What questions take: guessed at first, and scaled by the counts that come with answers."""

    def __init__(
        self, parameters: Parameters, prices: Prices, tuned: bool, share: float = 1.0
    ) -> None:
        """Nothing is counted yet.

        Args:
            share: of a live answer's price, that an answer costs.
        """
        self._parameters, self._prices, self._tuned = parameters, prices, tuned
        self._share = share
        self._guessed = self._counted = Tokens(GUESSES_WEIGH, GUESSES_WEIGH)

    def tokens(self, question: Question) -> Tokens:
        """About what a question and its answer take."""
        return self.scaled(self._parameters.expected(question))

    def scaled(self, guess: Tokens) -> Tokens:
        """A guess in the light of what was counted."""
        return Tokens(
            guess.read * self._counted.read / self._guessed.read,
            guess.written * self._counted.written / self._guessed.written,
        )

    def usd(self, tokens: Tokens) -> float:
        """What tokens cost."""
        return self._share * self._prices.asking(tokens.read, tokens.written, self._tuned)

    def see(self, question: Question, counted: Tokens | None) -> float:
        """What an answer has cost in USD; as guessed where the provider counts nothing."""
        guess = self._parameters.expected(question)
        counted = counted or guess
        self._guessed, self._counted = _sum(self._guessed, guess), _sum(self._counted, counted)
        return self.usd(counted)


class Reservation:
    """The part of the budget that a job may use.

    Attributes:
        key: the job's, in the ledger.
        spent: USD, since this process has it.
        was_killed: an earlier process had it, and did not come to its end.
    """

    def __init__(
        self, account: Account, key: str, book: str, about: str, kept: Sequence[float]
    ) -> None:
        """Nothing is reserved yet.

        Args:
            book: its name, for those who count its answers.
            kept: the costs of the job's answers that are there already, or lost, in USD. Other
                jobs may have paid for some of them.
        """
        self._account, self.key, self._book, self._about = account, key, book, about
        self._kept, self.spent = sum(kept), 0.0
        self._answered = bool(kept)
        there = account.ledger.actions().get(key)
        self._open = self.was_killed = there is not None and there.state in OPEN
        self._reserved = 0.0
        self._paid = 0.0
        if there is not None and there.state == "done":
            self._paid = there.usd
        elif there is not None and there.state in OPEN:
            # Killed on the way: the ledger has the estimate, and the answers tell what was paid.
            self._paid = max(0.0, self._kept - there.facts.get("not_its_own", 0.0))

    def open(self, meter: Meter, parameters: Parameters, missing: Sequence[Question]) -> None:
        """Reserve what the missing answers may cost.

        Raises:
            ConfigError: it may not be paid.
        """
        self._meter = meter
        self._left = _sum(*map(parameters.expected, missing))
        self._under_way = Tokens(0.0, 0.0)
        self._parameters = parameters
        self._reserve(self._paid + MARGIN * meter.usd(self._left))

    def _reserve(self, usd: float) -> None:
        account = self._account
        account.ledger.begin(
            self.key,
            "chat",
            self._about,
            usd,
            account.hosting,
            book=self._book,
            artefact=account.artefact,
            server=account.place.url,
            not_its_own=self._kept - self._paid,
        )
        self._reserved, self._open = usd, True

    def require(self, question: Question) -> None:
        """Make sure that an answer can be paid beside those under way; it then is one of them.

        What is reserved and by far not needed, as answers have shown, is given back.

        Raises:
            ConfigError: the reservation is used up, and the budget has no more.
        """
        guess = self._parameters.expected(question)
        under_way = self._meter.usd(self._meter.scaled(_sum(self._under_way, guess)))
        paid = self._paid + self.spent
        needed = paid + MARGIN * self._meter.usd(self._meter.scaled(self._left))
        if paid + under_way > self._reserved or TOO_MUCH * needed < self._reserved:
            self._reserve(needed)
        self._under_way = _sum(self._under_way, guess)

    def release(self, question: Question) -> None:
        """A question is not under way any more."""
        guess = self._parameters.expected(question)
        self._under_way = _sum(self._under_way, Tokens(-guess.read, -guess.written))

    def pay(self, question: Question, usd: float) -> None:
        """An answer has come."""
        guess = self._parameters.expected(question)
        self._left = _sum(self._left, Tokens(-guess.read, -guess.written))
        self.spent += usd
        self._answered = True

    def lose(self, question: Question) -> float:
        """An answer is lost, and perhaps paid: what was reserved for it counts as paid, in USD."""
        usd = MARGIN * self._meter.usd(self._meter.tokens(question))
        self.spent += usd
        self._answered = True
        return usd

    def settle(self) -> None:
        """Put what was really paid in the reservation's place."""
        if self._open:
            ledger = self._account.ledger
            state: State = "done" if self._answered else "dropped"
            ledger.change(ledger.actions()[self.key], state, self._paid + self.spent)
            self._open = False


def _sum(*parts: Tokens) -> Tokens:
    return Tokens(sum(part.read for part in parts), sum(part.written for part in parts))
