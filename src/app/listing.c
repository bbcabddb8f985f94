/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "app/command.h"
#include "app/listing.h"
#include "app/log.h"
#include "base/cleanup.h"
#include "event/event.h"
#include "field/transform.h"
#include "output/alert.h"
#include "rule/ast.h"
#include "rule/glob.h"

bool listing_wants(struct listing_names *names, struct str name)
{
	bool wanted = names->npatterns == 0;

	for (size_t i = 0; i < names->npatterns && !wanted; i++) {
		struct str pattern = str_of(names->patterns[i]);

		wanted = strpbrk(names->patterns[i], "*?") ? glob_match(pattern, name, true) :
							     str_icontains(name, pattern);
	}
	names->listed += wanted;
	return wanted;
}

/* Newer forms of an event only, and one line for the enter and the exit kind. */
static bool event_is_listed(uint16_t type)
{
	const struct event_info *e = &event_table[type];
	uint16_t i;

	if (e->flags & (EF_UNUSED | EF_OLD_VERSION) || e->category & (EC_METAEVENT | EC_ITER) ||
	    e->category == EC_UNKNOWN)
		return false;
	/* the exit kind has the parameters; kinds without a pair have an even number */
	for (i = 0; i < EV_COUNT; i++)
		if (i > type && !(event_table[i].flags & (EF_UNUSED | EF_OLD_VERSION)) &&
		    strcmp(event_table[i].name, e->name) == 0)
			return false;
	return true;
}

static void add_event(struct strbuf *out, const struct event_info *e, bool verbose)
{
	uint32_t i;

	strbuf_adds(out, e->name);
	for (i = 0; verbose && i < e->nparams; i++)
		strbuf_addf(out, "%s%s", i ? ", " : "(", e->params[i].name);
	if (verbose)
		strbuf_adds(out, e->nparams ? ")" : "()");
	strbuf_addc(out, '\n');
}

void listing_events(struct strbuf *out, struct listing_names *names, bool verbose)
{
	unsigned int i;

	for (i = 0; i < EV_COUNT; i++)
		if (event_is_listed((uint16_t)i) && i != EV_GENERIC_E && i != EV_GENERIC_X &&
		    listing_wants(names, str_of(event_table[i].name)))
			add_event(out, &event_table[i], verbose);
	/* calls without an event type of their own are known by name alone */
	for (i = 0; i < SYSCALL_CODES; i++) {
		const char *name = syscall_code_name(i);
		const struct str s = str_of(name);
		unsigned int e;

		for (e = 0; name && e < EV_COUNT; e++)
			if (str_eq(str_of(event_table[e].name), s))
				name = NULL;
		if (name && listing_wants(names, s))
			strbuf_addf(out, "%s%s\n", name, verbose ? "(ID, nativeID)" : "");
	}
}

void listing_priorities(struct strbuf *out, struct listing_names *names)
{
	int i;

	for (i = 0; i < PRIORITY_COUNT; i++)
		if (listing_wants(names, str_of(priority_name((enum priority)i))))
			strbuf_addf(out, "%s\n", priority_name((enum priority)i));
}

void listing_operators(struct strbuf *out, struct listing_names *names)
{
#define OPERATOR(id, word, ...)            \
	if (listing_wants(names, STR(word))) \
		strbuf_adds(out, word "\n");
#include "rule/operators.def"
#undef OPERATOR
}

void listing_transformers(struct strbuf *out, struct listing_names *names, bool verbose)
{
	const struct transform *t;

	for (size_t i = 0; (t = transform_by_index(i)); i++) {
		struct str help = transform_help(t);

		if (!listing_wants(names, transform_name(t)))
			continue;
		strbuf_addf(out, STR_FMT "()\n", STR_ARG(transform_name(t)));
		if (verbose)
			strbuf_addf(out, "      " STR_FMT "\n", STR_ARG(help));
	}
}

int listing_print(const struct strbuf *out)
{
	if (out->failed) {
		log_error("out of memory");
		return EXIT_FAILED;
	}
	if ((out->len && fwrite(out->ptr, 1, out->len, stdout) != out->len) || fflush(stdout) != 0) {
		log_error("cannot write to standard output: %s", strerror(errno));
		return EXIT_FAILED;
	}
	return EXIT_OK;
}
