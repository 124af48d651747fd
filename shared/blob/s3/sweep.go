package s3

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"

	"firn/shared/blob"
	"firn/shared/fault"
	"firn/shared/location"
)

// maxBatch is what one listing gives and one DeleteObjects takes (S3 API reference).
const maxBatch = 1000

// DeleteAll removes what one listing finds, at most 1,000 objects. Access requirement: List and Delete.
func (b *Bucket) DeleteAll(ctx context.Context, prefix location.Prefix, limit int) (more bool, err error) {
	if err := blob.CheckLimit(limit); err != nil {
		return false, err
	}
	if prefix.Kind() != location.S3 {
		return false, fault.Of(fault.Invalid, fault.Location, prefix.String(), "Location %s is not in S3.", prefix)
	}
	if err := blob.Ended(ctx, prefix.String()); err != nil {
		return false, err
	}
	ctx, cancel := context.WithTimeout(ctx, b.config.Timeout)
	defer cancel()
	bucket := aws.String(prefix.Bucket())
	listed, err := b.client.ListObjectsV2(ctx, &s3.ListObjectsV2Input{
		Bucket: bucket, Prefix: aws.String(prefix.Key()), MaxKeys: aws.Int32(int32(min(limit, maxBatch))),
	}, b.sign)
	if err != nil {
		return false, b.translate(ctx, prefix.String(), err)
	}
	more = aws.ToBool(listed.IsTruncated)
	if len(listed.Contents) == 0 {
		return more, nil
	}
	var objects []types.ObjectIdentifier
	for _, object := range listed.Contents {
		objects = append(objects, types.ObjectIdentifier{Key: object.Key})
	}
	deleted, err := b.client.DeleteObjects(ctx, &s3.DeleteObjectsInput{
		Bucket: bucket, Delete: &types.Delete{Objects: objects, Quiet: aws.Bool(true)},
	}, b.sign)
	if err != nil {
		return true, b.translate(ctx, prefix.String(), err)
	}
	if len(deleted.Errors) > 0 {
		first := deleted.Errors[0]
		return true, b.translate(ctx, prefix.String(), &smithy.GenericAPIError{Code: aws.ToString(first.Code), Message: aws.ToString(first.Message)})
	}
	return more, nil
}
