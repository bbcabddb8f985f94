/* SPDX-License-Identifier: Apache-2.0 */
#include "base/limits.h"
#include "plugin/internal.h"

/* One field's value, asked of its plugin. Results live until the plugin's next extraction: they are copied. */

static bool take_address(const ss_plugin_byte_buffer *b, struct ip *ret_ip)
{
	if (!b->ptr || (b->len != 4 && b->len != 16))
		return false;
	*ret_ip = (struct ip){ .v6 = b->len == 16 };
	memcpy(ret_ip->bytes, b->ptr, b->len);
	return true;
}

static bool take_text(struct field_context *ctx, const char *text, struct str *ret_text)
{
	size_t len = text ? strnlen(text, PLUGIN_VALUE_BYTES) : 0;

	if (!text)
		return false;
	*ret_text = arena_str(ctx->arena, (struct str){ text, len });
	return ret_text->ptr;
}

static bool take_value(struct field_context *ctx, const ss_plugin_extract_field *got, uint64_t i, enum param_type type,
		       struct value *ret_value)
{
	switch (type) {
	case PT_CHARBUF:
		return take_text(ctx, got->res.str[i], &ret_value->s);
	case PT_BOOL:
		ret_value->b = got->res.boolean[i];
		return true;
	case PT_IPADDR:
		return take_address(&got->res.buf[i], &ret_value->ip);
	case PT_IPNET:
		ret_value->net.prefix = got->res.buf[i].len == 16 ? 128 : 32;
		return take_address(&got->res.buf[i], &ret_value->net.address);
	default:
		ret_value->u = got->res.u64[i];
		return true;
	}
}

static enum presence take_values(const struct field_ref *ref, struct field_context *ctx,
				 const ss_plugin_extract_field *got, struct values *ret_values)
{
	struct value *list;

	if (!got->res_len || !got->res.str || got->res_len > (ref->list ? PLUGIN_VALUES : 1))
		return ABSENT;
	list = arena_array(ctx->arena, sizeof(*list), got->res_len);
	if (!list)
		return ABSENT;
	for (uint64_t i = 0; i < got->res_len; i++)
		if (!take_value(ctx, got, i, ref->type, &list[i]))
			return ABSENT;
	*ret_values = (struct values){ list, (uint32_t)got->res_len };
	return PRESENT;
}

static uint32_t wire_type(enum param_type type)
{
	switch (type) {
	case PT_CHARBUF:
		return FTYPE_STRING;
	case PT_BOOL:
		return FTYPE_BOOL;
	case PT_IPADDR:
		return FTYPE_IPADDR;
	case PT_IPNET:
		return FTYPE_IPNET;
	case PT_RELTIME:
		return FTYPE_RELTIME;
	case PT_ABSTIME:
		return FTYPE_ABSTIME;
	default:
		return FTYPE_UINT64;
	}
}

enum presence plugin_extract(const struct foreign_field *f, const struct field_ref *ref, struct field_context *ctx,
			     struct values *ret_values)
{
	struct plugin *p = f->context;
	ss_plugin_event_input event = { .evtnum = ctx->ev->number };
	ss_plugin_extract_field field = {
		.field_id = f->id,
		.field = f->name,
		.arg_index = ref->has_arg && f->flags & FIELD_ARG_INDEX ? ref->arg_index : UINT64_MAX,
		.arg_present = ref->has_arg,
		.ftype = wire_type(ref->type),
		.flist = ref->list,
	};
	ss_plugin_table_reader_vtable_ext reader = table_reader;
	ss_plugin_field_extract_input in = {
		.owner = p,
		.get_owner_last_error = plugin_owner_error,
		.num_fields = 1,
		.fields = &field,
		.table_reader = table_old_reader(),
		.table_reader_ext = &reader,
	};
	enum presence presence = ABSENT;
	const struct plugin *before;
	ss_plugin_rc rc;

	if (!p->started || !p->extract_types[ctx->ev->type] || !plugin_extracts_from(p, ctx->source_name))
		return ABSENT;
	if (ctx->ev->provisional)
		return UNKNOWN;
	event.evt = (const ss_plugin_event *)ctx->ev->bytes;
	event.evtsrc = arena_str(ctx->arena, ctx->source_name).ptr;
	/* an index comes as a number alone */
	if (ref->has_arg && f->flags & FIELD_ARG_KEY) {
		field.arg_key = arena_str(ctx->arena, ref->arg).ptr;
		if (!field.arg_key)
			return ABSENT;
	}
	before = plugin_enter(p, "extract_fields");
	rc = event.evtsrc ? p->api.extract_fields(p->state, &event, &in) : SS_PLUGIN_FAILURE;
	plugin_leave(p, before);
	if (rc == SS_PLUGIN_SUCCESS)
		presence = take_values(ref, ctx, &field, ret_values);
	tables_end_call(p); /* values may be texts of tables */
	return presence;
}
