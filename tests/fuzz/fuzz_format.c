/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>
#include <stdlib.h>

#include "field/format.h"

/*
 * An output format, from its text to what it prints for an event about which nothing is known: fields,
 * arguments, widths, transformers inside one another.
 */
static void render(const struct format *format)
{
	static const struct str values[] = { { "value", 5 } };
	struct event_builder builder = { 0 };
	struct format_members members = { 0 };
	struct strbuf out auto_strbuf = { 0 };
	struct field_context ctx = { .static_values = values, .source_name = STR("syscall"), .hostname = STR("host") };
	struct event ev;

	ctx.state = state_new(&(struct state_options){ .container_plugin = true });
	ctx.arena = arena_new(16384);
	if (!ctx.state || !ctx.arena)
		abort();
	event_begin(&builder, EV_SYSCALL_READ_X, 1700000000123456789, 7);
	event_put_int(&builder, 4);
	event_put_bytes(&builder, STR("\x01text"));
	event_put_int(&builder, 3);
	event_put_int(&builder, 100);
	if (event_end(&builder, &ev, NULL) < 0 || state_apply(ctx.state, &ev, &ctx.subject) < 0)
		abort();
	ev.number = 1;
	ctx.ev = &ev;
	format_render(format, &ctx, &out);
	format_collect(format, &ctx, &members);
	format_members_print(&members, &out);
	format_members_free(&members);
	strbuf_free(&ctx.scratch);
	event_builder_free(&builder);
	arena_free(ctx.arena);
	state_free(ctx.state);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct str names[] = { { "name", 4 } };
	const struct field_options options = {
		.container_plugin = true, .extensions = true, .static_names = names, .nstatic = 1
	};
	struct format *format;
	struct error err;

	if (format_compile((struct str){ (const char *)data, size }, &options, &format, &err) < 0)
		return 0;
	render(format);
	format_free(format);
	return 0;
}
