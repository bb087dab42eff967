# The book's checks: tests/book, which are part of the tests and, so that a chapter can be checked
# without building all of them, a program of their own.
#
#   make check-book                everything: quotes, links, pictures, coverage, transcripts
#   make check-book CHAPTER=03     one chapter with its exercises and its stage's README.md
#   make check-book CHAPTER=README the README.md at the top (00 ... 06 and common are the others)
#
# One case alone: CHAPTER=03 build/tests/check-book 'the book never counts lines'

CHAPTER ?=
BOOK_OBJECTS := $(call objects,$(wildcard tests/support/*.cpp tests/book/*.cpp))
BOOK_PROGRAMS := $(STAGE_PROGRAMS) $(addprefix $(BUILD)/tests/,check-book mistake probe)
BOOK_TOOL := $(call objects,tests/book/tool/refill.cpp $(addprefix tests/book/,book.cpp coverage.cpp \
	drawings.cpp links.cpp markdown.cpp quotes.cpp) tests/support/definitions.cpp tests/support/source.cpp)

$(filter-out $(TEST_OBJECTS) %/catch_session.o,$(BOOK_OBJECTS)): $(TEST_HEADER).gch
$(filter-out $(TEST_OBJECTS) %/catch_session.o,$(BOOK_OBJECTS)): \
	private CXXFLAGS += -include $(TEST_HEADER)

$(BUILD)/tests/check-book: $(BOOK_OBJECTS) $(call archive,common)
	@mkdir -p $(@D)
	$(CXX) $(CXXFLAGS) $(BOOK_OBJECTS) $(call archive,common) $(CATCH2_LIBRARY) -o $@

check-book: $(BOOK_PROGRAMS) ## compare the book with the sources and run its transcripts (CHAPTER=03: one)
	@BUILD='$(abspath $(BUILD))' SLIPWAY_SOURCE='$(CURDIR)' CHAPTER='$(CHAPTER)' \
		$(BUILD)/tests/check-book '[book]$(if $(CHAPTER),[page])$(if $(filter-out README,$(CHAPTER)),~[serial])'

$(BUILD)/tests/slipway-book: $(BOOK_TOOL) $(call archive,common)
	@mkdir -p $(@D)
	$(CXX) $(CXXFLAGS) $^ -o $@

# From Markdown to HTML: a link to another page of the book ends in .html, one out of the book leads
# into the sources. $(1) is the page below book/, $(2) what stands for the way up to book/ in it.
define render_page
	@mkdir -p $(dir $(BUILD)/book/$(1))
	@sed -E -e 's#\]\($(2)\.\./#](OUT:#g' -e 's#(\]\([^):]*)\.md([)\#])#\1.html\2#g' \
		-e 's#README\.html([)\#])#index.html\1#g' \
		-e 's#\]\(OUT:#]($(2)$(UP)/#g' book/$(1) | \
		pandoc --from gfm --to html5 --standalone --no-highlight \
		--css '$(2)book.css' --metadata lang=en \
		--metadata pagetitle="$$(sed -n '1s/^# *//p' book/$(1))" \
		--variable include-before='<nav><a href="$(2)index.html">Contents</a></nav>' \
		--output $(BUILD)/book/$(patsubst %README.html,%index.html,$(1:.md=.html))

endef
UP = $(shell realpath -m --relative-to='$(BUILD)/book' .)
PAGES := $(patsubst book/%,%,$(wildcard book/*.md))
EXERCISES := $(patsubst book/%,%,$(wildcard book/exercises/*.md))

book: $(BUILD)/tests/slipway-book ## fill the quotes again from the sources, and render HTML where pandoc is installed
	@$(BUILD)/tests/slipway-book
	$(if $(shell command -v pandoc),$(call render_book),@echo 'no HTML: pandoc is not installed')

define render_book
	@mkdir -p $(BUILD)/book
	@cp -r book/book.css $(wildcard book/figures book/answers) $(BUILD)/book
	$(foreach page,$(PAGES),$(call render_page,$(page),))$(foreach page,$(EXERCISES),$(call \
		render_page,$(page),../))@echo 'the book: $(BUILD)/book/index.html'
endef

.PHONY: book check-book
