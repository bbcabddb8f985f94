/* SPDX-License-Identifier: Apache-2.0 */
#include "app/test_report.h"

#include <errno.h>

/* ---- tests ---- */

static void indent(struct strbuf *out, const char *before, struct str text)
{
	while (text.len) {
		const char *end = memchr(text.ptr, '\n', text.len);
		size_t len = end ? (size_t)(end - text.ptr) : text.len, used = len + (end ? 1 : 0);

		strbuf_adds(out, before);
		strbuf_add(out, text.ptr, len);
		strbuf_addc(out, '\n');
		text.ptr += used;
		text.len -= used;
	}
}

/* Control characters have no form in XML 1.0. */
static void add_xml(struct strbuf *out, struct str text)
{
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];

		if (c == '<')
			strbuf_adds(out, "&lt;");
		else if (c == '>')
			strbuf_adds(out, "&gt;");
		else if (c == '&')
			strbuf_adds(out, "&amp;");
		else if (c == '"')
			strbuf_adds(out, "&quot;");
		else if ((c < ' ' && c != '\n') || c == 0x7f)
			strbuf_addc(out, '?');
		else
			strbuf_addc(out, (char)c);
	}
}

/* A '#' would begin a directive. */
static void add_tap_name(struct strbuf *out, struct str name)
{
	for (size_t i = 0; i < name.len; i++)
		strbuf_addc(out, name.ptr[i] == '#' || name.ptr[i] == '\n' ? '_' : name.ptr[i]);
}

static void tap(struct test_report *r, struct str where, struct str name, enum test_outcome outcome, struct str detail)
{
	strbuf_addf(&r->out, "%sok %llu - ", outcome == TEST_FAILED ? "not " : "",
		    (unsigned long long)(r->passed + r->failed + r->skipped));
	add_tap_name(&r->out, where);
	strbuf_adds(&r->out, ": ");
	add_tap_name(&r->out, name);
	if (outcome == TEST_SKIPPED) {
		strbuf_adds(&r->out, " # SKIP ");
		add_tap_name(&r->out, detail);
	}
	strbuf_addc(&r->out, '\n');
	if (outcome == TEST_FAILED)
		indent(&r->out, "# ", detail);
}

static void junit(struct test_report *r, struct str where, struct str name, enum test_outcome outcome,
		  struct str detail)
{
	static const char *const tags[] = { [TEST_FAILED] = "failure", [TEST_SKIPPED] = "skipped" };
	const char *newline = detail.len ? memchr(detail.ptr, '\n', detail.len) : NULL;

	strbuf_adds(&r->body, "    <testcase classname=\"");
	add_xml(&r->body, where);
	strbuf_adds(&r->body, "\" name=\"");
	add_xml(&r->body, name);
	if (outcome == TEST_PASSED) {
		strbuf_adds(&r->body, "\"/>\n");
		return;
	}
	/* readers list messages: the whole is behind them */
	strbuf_addf(&r->body, "\">\n      <%s message=\"", tags[outcome]);
	add_xml(&r->body, (struct str){ detail.ptr, newline ? (size_t)(newline - detail.ptr) : detail.len });
	strbuf_adds(&r->body, "\">");
	add_xml(&r->body, detail);
	strbuf_addf(&r->body, "</%s>\n    </testcase>\n", tags[outcome]);
}

static void text(struct test_report *r, struct str where, unsigned int line, struct str name, enum test_outcome outcome,
		 struct str detail)
{
	static const char *const words[] = { "pass", "FAIL", "skip" };

	if (outcome == TEST_PASSED && !r->verbose)
		return;
	strbuf_addf(&r->out, "%s " STR_FMT ":%u: " STR_FMT "\n", words[outcome], STR_ARG(where), line, STR_ARG(name));
	if (outcome != TEST_PASSED)
		indent(&r->out, "    ", detail);
}

static void add(struct test_report *r, struct str where, unsigned int line, struct str name, enum test_outcome outcome,
		struct str detail)
{
	uint64_t *const counts[] = { &r->passed, &r->failed, &r->skipped };

	++*counts[outcome];
	if (r->format == TEST_TAP)
		tap(r, where, name, outcome, detail);
	else if (r->format == TEST_JUNIT)
		junit(r, where, name, outcome, detail);
	else
		text(r, where, line, name, outcome, detail);
}

void test_report_case(struct test_report *r, const struct test_file *f, const struct test_case *c,
		      enum test_outcome outcome, struct str detail)
{
	add(r, f->path, c->at.line + 1, c->name, outcome, detail);
	for (const struct test_note *n = c->notes; n && r->format != TEST_JUNIT; n = n->next)
		strbuf_addf(&r->out, "%s" STR_FMT "\n",
			    r->format == TEST_TAP ? "# left out: " : "    left out: ", STR_ARG(n->text));
}

void test_report_broken(struct test_report *r, const char *path, struct str reason)
{
	add(r, str_of(path), 1, STR("the file can be used"), TEST_FAILED, reason);
}

/* ---- coverage ---- */

struct test_exercised {
	char *rule, *check; /* check NULL: the rule itself */
	uint64_t yes, no;
};

static struct test_exercised *find(struct test_report *r, struct str rule, const char *check, size_t *at)
{
	/* the rules of several files come in the same order: what follows the last hit is tried first */
	for (size_t n = 0; n < r->nexercised; n++) {
		struct test_exercised *e = &r->exercised[(*at + n) % r->nexercised];

		if (!str_eq(str_of(e->rule), rule) || !e->check != !check || (check && strcmp(e->check, check) != 0))
			continue;
		*at = (size_t)(e - r->exercised) + 1;
		return e;
	}
	return NULL;
}

static int note(struct test_report *r, struct str rule, const char *check, uint64_t yes, uint64_t no, size_t *at)
{
	struct test_exercised *e = find(r, rule, check, at), *larger;

	if (e) {
		e->yes += yes;
		e->no += no;
		return 0;
	}
	if (r->nexercised == r->cap_exercised) {
		size_t cap = r->cap_exercised ? r->cap_exercised * 2 : 256;

		larger = reallocarray(r->exercised, cap, sizeof(*larger));
		if (!larger)
			return -ENOMEM;
		r->exercised = larger;
		r->cap_exercised = cap;
	}
	e = &r->exercised[r->nexercised];
	*e = (struct test_exercised){ str_dup(rule), check ? str_dup(str_of(check)) : NULL, yes, no };
	r->nexercised++;
	return e->rule && (!check || e->check) ? 0 : -ENOMEM;
}

int test_report_coverage(struct test_report *r, const struct coverage *c)
{
	size_t at = 0;
	int result = 0;

	for (size_t i = 0; i < coverage_count(c) && result == 0; i++) {
		const struct coverage_rule *rule = coverage_get(c, i);

		result = note(r, rule->name, NULL, rule->matched, rule->evaluated - rule->matched, &at);
		for (size_t k = 0; k < rule->nchecks && result == 0; k++)
			result =
				note(r, rule->name, rule->checks[k].text, rule->checks[k].yes, rule->checks[k].no, &at);
	}
	return result;
}

static const char *missing(const struct test_exercised *e)
{
	if (!e->yes && !e->no)
		return "never reached";
	return e->yes ? "never false" : "never true";
}

/* Rules that never fired, then for each rule the checks that were not seen both true and false. */
static void add_coverage(struct test_report *r)
{
	const char *comment = r->format == TEST_TAP ? "# " : "";
	uint64_t rules = 0, fired = 0, outcomes = 0, seen = 0;

	for (size_t i = 0; i < r->nexercised; i++) {
		const struct test_exercised *e = &r->exercised[i];

		if (e->check) {
			outcomes += 2;
			seen += (e->yes != 0) + (e->no != 0);
			if (!e->yes || !e->no)
				strbuf_addf(&r->out, "%s    %s: %s\n", comment, missing(e), e->check);
			continue;
		}
		rules++;
		fired += e->yes != 0;
		strbuf_addf(&r->out, "%s%s \"%s\"\n", comment, e->yes ? "fired" : "never fired", e->rule);
	}
	strbuf_addf(&r->out, "%scoverage: %llu of %llu rules fired, %llu of %llu outcomes of their checks were seen\n",
		    comment, (unsigned long long)fired, (unsigned long long)rules, (unsigned long long)seen,
		    (unsigned long long)outcomes);
}

/* ---- the end ---- */

void test_report_end(struct test_report *r, bool coverage)
{
	unsigned long long all = r->passed + r->failed + r->skipped;

	if (r->format == TEST_JUNIT) {
		strbuf_addf(&r->out,
			    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"
			    "  <testsuite name=\"monitor test\" tests=\"%llu\" failures=\"%llu\" skipped=\"%llu\">\n",
			    all, (unsigned long long)r->failed, (unsigned long long)r->skipped);
		strbuf_addstr(&r->out, strbuf_str(&r->body));
		strbuf_adds(&r->out, "  </testsuite>\n</testsuites>\n");
		return;
	}
	if (coverage)
		add_coverage(r);
	if (r->format == TEST_TAP)
		strbuf_addf(&r->out, "1..%llu\n", all);
	else
		strbuf_addf(&r->out, "%llu passed, %llu failed, %llu skipped\n", (unsigned long long)r->passed,
			    (unsigned long long)r->failed, (unsigned long long)r->skipped);
}

void test_report_free(struct test_report *r)
{
	for (size_t i = 0; i < r->nexercised; i++) {
		free(r->exercised[i].rule);
		free(r->exercised[i].check);
	}
	free(r->exercised);
	strbuf_free(&r->out);
	strbuf_free(&r->body);
	*r = (struct test_report){ 0 };
}
