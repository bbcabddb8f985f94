/* SPDX-License-Identifier: Apache-2.0 */
#include "app/explain.h"

#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

#include "app/log.h"

static void write_out(struct explain *x, const struct strbuf *out)
{
	size_t done = 0;

	if (out->failed)
		x->failure = -ENOMEM;
	while (!x->failure && done < out->len) {
		ssize_t n = write(x->fd, out->ptr + done, out->len - done);

		if (n >= 0)
			done += (size_t)n;
		else if (errno != EINTR)
			x->failure = -errno;
	}
}

static void judged(void *context, struct field_context *ctx)
{
	struct explain *x = context;
	struct explanation explanation;
	auto_strbuf struct strbuf out = { 0 };

	x->open = false;
	if (x->event ? ctx->ev->provisional || ctx->ev->number != x->event :
		       !explain_looks_at(x->rules, x->rule, ctx->ev))
		return;
	x->found = true;
	x->failure = x->failure ? x->failure : explain_event(x->rules, x->rule, ctx, &explanation);
	if (x->failure)
		return;
	/* at the entry only what is still open is of interest: what is certain there is told with the result */
	if (ctx->ev->provisional && explanation.truth != TRUTH_MAYBE)
		return;
	x->open = explanation.truth == TRUTH_MAYBE;
	if (x->json) {
		explain_print_json(&out, &explanation, ctx);
		strbuf_addc(&out, '\n');
	} else if (x->event) {
		explain_print(&out, &explanation, ctx, x->color);
	} else {
		explain_print_brief(&out, &explanation, ctx, x->color, &x->memory);
	}
	write_out(x, &out);
}

static void fetched(void *context, const struct needs *needs)
{
	static const char *const kinds[] = {
		[NEED_THREAD] = "thread",          [NEED_FD] = "descriptor", [NEED_FDS] = "descriptors",
		[NEED_CWD] = "directory",          [NEED_REGION] = "region", [NEED_STACK] = "stack",
		[NEED_RACED] = "arguments' memory"
	};
	struct explain *x = context;
	auto_strbuf struct strbuf out = { 0 };

	for (unsigned int i = 0; x->open && i < needs->count; i++) {
		const struct need *need = &needs->list[i];
		const char *kind = kinds[need->kind];

		if (x->json)
			strbuf_addf(&out, "{\"fetched\":\"%s\",\"thread\":%" PRId64, kind, need->tid);
		else
			strbuf_addf(&out, "  asked for: the %s of thread %" PRId64, kind, need->tid);
		if (need->kind == NEED_FD)
			strbuf_addf(&out, x->json ? ",\"number\":%" PRId64 : ", number %" PRId64, need->fd);
		strbuf_adds(&out, x->json ? "}\n" : "\n");
	}
	write_out(x, &out);
}

void explain_free(struct explain *x)
{
	explain_memory_free(&x->memory);
}

int explain_init(struct explain *x, const struct ruleset *rules, const char *rule, uint64_t event, int fd, bool json,
		 struct error *err)
{
	*x = (struct explain){
		.observer = { .judged = judged, .fetched = fetched },
		.rules = rules,
		.event = event,
		.fd = fd,
		.json = json,
		.color = !json && log_color(fd),
	};
	x->observer.context = x;
	return explain_find(rules, str_of(rule), &x->rule, err);
}
