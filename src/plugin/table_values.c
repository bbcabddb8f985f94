/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "base/limits.h"
#include "plugin/internal.h"

/* Attributes of the state as values of tables. */

static const struct {
	ss_plugin_state_type type;
	enum attribute_kind kind;
} types[] = {
	{ SS_PLUGIN_ST_INT8, ATTRIBUTE_I8 },    { SS_PLUGIN_ST_INT16, ATTRIBUTE_I16 },
	{ SS_PLUGIN_ST_INT32, ATTRIBUTE_I32 },  { SS_PLUGIN_ST_INT64, ATTRIBUTE_I64 },
	{ SS_PLUGIN_ST_UINT8, ATTRIBUTE_U8 },   { SS_PLUGIN_ST_UINT16, ATTRIBUTE_U16 },
	{ SS_PLUGIN_ST_UINT32, ATTRIBUTE_U32 }, { SS_PLUGIN_ST_UINT64, ATTRIBUTE_U64 },
	{ SS_PLUGIN_ST_BOOL, ATTRIBUTE_BOOL },  { SS_PLUGIN_ST_STRING, ATTRIBUTE_TEXT },
	{ SS_PLUGIN_ST_TABLE, ATTRIBUTE_LIST }, { SS_PLUGIN_ST_UINT8, ATTRIBUTE_ENUM },
};

static ss_plugin_state_type type_of(enum attribute_kind kind)
{
	size_t i;

	for (i = 0; types[i].kind != kind; i++)
		;
	return types[i].type;
}

/* -EINVAL for those that no attribute can have. */
static int kind_of(ss_plugin_state_type type)
{
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (types[i].type == type)
			return types[i].kind == ATTRIBUTE_LIST ? -EINVAL : (int)types[i].kind;
	return -EINVAL;
}

void table_take(struct table_handle *h, enum attribute_kind kind, const struct attribute_value *v,
		ss_plugin_state_data *ret_data)
{
	switch (type_of(kind)) {
	case SS_PLUGIN_ST_INT8:
		ret_data->s8 = (int8_t)v->i;
		break;
	case SS_PLUGIN_ST_INT16:
		ret_data->s16 = (int16_t)v->i;
		break;
	case SS_PLUGIN_ST_INT32:
		ret_data->s32 = (int32_t)v->i;
		break;
	case SS_PLUGIN_ST_UINT8:
		ret_data->u8 = (uint8_t)v->u;
		break;
	case SS_PLUGIN_ST_UINT16:
		ret_data->u16 = (uint16_t)v->u;
		break;
	case SS_PLUGIN_ST_UINT32:
		ret_data->u32 = (uint32_t)v->u;
		break;
	case SS_PLUGIN_ST_BOOL:
		ret_data->b = v->u != 0;
		break;
	case SS_PLUGIN_ST_STRING:
		ret_data->str = table_keep(h, v->text);
		break;
	default:
		ret_data->u64 = v->u;
		break;
	}
}

int table_give(enum attribute_kind kind, const ss_plugin_state_data *data, struct attribute_value *ret_value)
{
	*ret_value = (struct attribute_value){ .text = STR("") };
	switch (type_of(kind)) {
	case SS_PLUGIN_ST_INT8:
		ret_value->i = data->s8;
		return 0;
	case SS_PLUGIN_ST_INT16:
		ret_value->i = data->s16;
		return 0;
	case SS_PLUGIN_ST_INT32:
		ret_value->i = data->s32;
		return 0;
	case SS_PLUGIN_ST_UINT8:
		ret_value->u = data->u8;
		return 0;
	case SS_PLUGIN_ST_UINT16:
		ret_value->u = data->u16;
		return 0;
	case SS_PLUGIN_ST_UINT32:
		ret_value->u = data->u32;
		return 0;
	case SS_PLUGIN_ST_BOOL:
		ret_value->u = data->b != 0;
		return 0;
	case SS_PLUGIN_ST_INT64:
	case SS_PLUGIN_ST_UINT64:
		ret_value->u = data->u64;
		return 0;
	case SS_PLUGIN_ST_STRING:
		if (!data->str)
			return -EINVAL;
		ret_value->text = (struct str){ data->str, strnlen(data->str, PLUGIN_VALUE_BYTES) };
		return 0;
	default:
		return -EINVAL;
	}
}

/* ---- fields ---- */

int table_attribute(struct table_handle *h, int field, struct str *ret_name, enum attribute_kind *ret_kind)
{
	int r = state_attribute_get(h->user->host->state, h->ops->attributes, field - h->ops->own_fields, ret_name,
				    ret_kind);

	return r < 0 ? -ENOENT : 0;
}

int table_attribute_field(struct table_handle *h, int field, ss_plugin_table_fieldinfo *ret_info)
{
	enum attribute_kind kind;
	struct str name;

	if (table_attribute(h, field, &name, &kind) < 0)
		return -ENOENT;
	*ret_info = (ss_plugin_table_fieldinfo){ name.ptr, type_of(kind),
						 h->ops->is_fixed(name) || kind == ATTRIBUTE_LIST };
	return 0;
}

int table_attribute_add(struct table_handle *h, const char *name, ss_plugin_state_type type)
{
	int kind = kind_of(type);

	return kind < 0 ? kind :
			  state_attribute_add(h->user->host->state, h->ops->attributes, str_of(name),
					      (enum attribute_kind)kind);
}

int table_attribute_read(struct table_handle *h, const void *object, int field, struct attribute_value *ret_value)
{
	return state_attribute_read(h->user->host->state, h->ops->attributes, object, field - h->ops->own_fields,
				    ret_value);
}

int table_attribute_write(struct table_handle *h, void *object, int field, const struct attribute_value *value)
{
	int r = state_attribute_write(h->user->host->state, h->ops->attributes, object, field - h->ops->own_fields,
				      value);

	return r < 0 ? table_fail(h, r, "%s", strerror(-r)) : 0;
}
