package beeline

import "context"

func AddField(ctx context.Context, key string, val any) {}
