"""The documents of `explain`: the categories, one category, or a body that was read."""

from dataclasses import dataclass
from typing import Literal, Self

from console.cli.reports.documents.classification import ClassificationDocument
from console.domain.errors.category import Blame, Category, guidance


@dataclass(frozen=True, kw_only=True)
class CategoryDocument:
    """What a category of errors means and what to do about it."""

    category: Category
    blame: Blame
    means: str
    action: str
    ask: str
    """Whom to ask."""
    stops_before_generation: bool
    """Whether this category blocks a run before any draft."""
    source: str
    """Where a reader finds more: a document's URL."""

    @classmethod
    def of(cls, category: Category) -> Self:
        """Return a category as the document names it."""
        about = guidance()[category]
        return cls(
            category=category,
            blame=about.blame,
            means=about.means,
            action=about.action,
            ask=about.ask,
            stops_before_generation=category.stops_before_generation,
            source=about.source,
        )


@dataclass(frozen=True, kw_only=True)
class _Explained:
    schema: Literal["gateway-console/explain/v1"] = "gateway-console/explain/v1"


@dataclass(frozen=True, kw_only=True)
class ExplainedCategoriesDocument(_Explained):
    """All categories of errors."""

    categories: tuple[CategoryDocument, ...]


@dataclass(frozen=True, kw_only=True)
class ExplainedCategoryDocument(CategoryDocument, _Explained):
    """One category of errors."""


@dataclass(frozen=True, kw_only=True)
class ExplainedBodyDocument(ClassificationDocument, _Explained):
    """What the body of an error says."""
